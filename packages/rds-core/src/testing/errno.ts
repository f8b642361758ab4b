/** Errno: an error as an operating system reports it, known by its `code`. */

export interface ErrnoError extends Error {
  readonly code: string;
}

export function errno(code: string, message: string): ErrnoError {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
