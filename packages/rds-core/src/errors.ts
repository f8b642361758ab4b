/**
 * RdsError: whatever a caller, a peer or the network can cause, with a code to match on. Codes
 * are those of rds(7) and of the socket API. A bug of ours is not an RdsError: see `assert`.
 */

/** Why a call failed: errno names as C programs know them, and ABORT_ERR for an AbortSignal. */
export type RdsErrorCode =
  | 'EINVAL'
  | 'EADDRINUSE'
  | 'EADDRNOTAVAIL'
  | 'EACCES'
  | 'ENOTCONN'
  | 'EMSGSIZE'
  | 'EAGAIN'
  | 'ENOBUFS'
  | 'ETIMEDOUT'
  | 'ABORT_ERR'
  | 'ECANCELED'
  | 'ECONNRESET'
  | 'ECONNREFUSED'
  | 'EOPNOTSUPP'
  | 'ENOPROTOOPT'
  | 'EBADF'
  | 'EIO';

/** What became of a message whose receipt did not come: surely not delivered, or not known. */
export type Outcome = 'not-delivered' | 'unknown';

/** What an RdsError says besides its code and its sentence. */
export interface RdsErrorDetails {
  readonly syscall?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly outcome?: Outcome | undefined;
  readonly cause?: unknown;
}

/** Match by `code`, not by class: several copies of the package may be loaded. */
export class RdsError extends Error {
  override readonly name = 'RdsError';
  readonly code: RdsErrorCode;
  /** The call that failed: 'sendmsg', 'bind', … */
  readonly syscall: string | undefined;
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** Only on errors of `until: 'delivered'`: what is known of the message. */
  readonly outcome: Outcome | undefined;

  constructor(code: RdsErrorCode, message: string, details: RdsErrorDetails = {}) {
    super(`${code}: ${message}`, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.syscall = details.syscall;
    this.address = details.address;
    this.port = details.port;
    this.outcome = details.outcome;
  }
}

/** For what only a bug of ours can cause. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`rds: a bug, please report it: ${message}`);
}
