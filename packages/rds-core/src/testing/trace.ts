/**
 * Trace: what happened in a simulation, as lines of text. Two runs of one seed have the same
 * lines, or something moved that is not simulated.
 */

/** What happens to a connection. `send` and `arrive` are of a piece of its byte stream. */
export type ConnectionEventKind =
  | 'dial'
  | 'refuse'
  | 'open'
  | 'send'
  | 'arrive'
  | 'end'
  | 'reset'
  | 'cut'
  | 'close';

/** One thing that happened. */
export type TraceEvent =
  | { readonly kind: 'fault' | 'note'; readonly atMs: number; readonly text: string }
  | {
      readonly kind: ConnectionEventKind;
      readonly atMs: number;
      /** Connections are counted in the order of their dials. */
      readonly connection: number;
      readonly from: string;
      readonly to: string;
      readonly bytes?: Uint8Array | undefined;
    };

/** What happened in a simulation, as lines of text. */
export class Trace {
  readonly lines: string[] = [];

  /** Give it as `onEvent`. */
  readonly record = (event: TraceEvent): void => {
    this.lines.push(lineOf(event));
  };
}

function lineOf(event: TraceEvent): string {
  const time = event.atMs.toFixed(3).padStart(12);
  if ('text' in event) return `${time} ${event.kind} ${event.text}`;
  const { kind, connection, from, to } = event;
  const line = `${time} #${connection} ${from} → ${to} ${kind}`;
  const { bytes } = event;
  return bytes === undefined ? line : `${line} ${bytes.length} B ${hashOf(bytes)}`;
}

/** FNV-1a over all bytes: a difference anywhere shows. */
function hashOf(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
