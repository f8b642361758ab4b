/** Operations: what a script can do besides sending the frames that stand in it, by their codes. */

export const OPERATIONS = [
  /** Time passes: one of a few delays. */
  'wait',
  /** Connects to the victim, from one of a few addresses. */
  'connect',
  /** A congestion map: which ports, which extensions. */
  'map',
  /** A probe, its pong or a hello: as whom. */
  'introduce',
  /** The next frame acknowledges so many more or less than the victim has sent. */
  'acknowledge',
  /** The next frame has the number that is due, or so many more or less. */
  'number',
  /** The pong that the victim's last ping asks for. */
  'pong',
  /** A message: to which port, how long, flagged how. */
  'message',
  /** Refusals around what the victim has sent. */
  'refuse',
  'end',
  'destroy',
  /** Stops reading, or goes on. */
  'pause',
  /** Goes on with another of the open connections. */
  'select',
  /** The victim's program sends to the address of the present connection. */
  'send',
  /** The victim's program does something else. */
  'act',
  /** The next frame is sent many times. */
  'repeat',
] as const;

export type OperationName = (typeof OPERATIONS)[number];

export const LAST_OPERATION = OPERATIONS.length - 1;

export function codeOf(name: OperationName): number {
  return OPERATIONS.indexOf(name);
}
