/**
 * Arguments: what commands are told, read into numbers, durations and addresses; or a sentence
 * that says what is wrong with it.
 */

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { usageError } from './exit.js';
import { canonicalAddress } from './ip-bytes.js';

/** `text` as a whole number. */
export function wholeNumber(what: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw usageError(`${what} is '${text}', not a whole number from ${min} to ${max}`);
  };
}

/** Seconds, or with a unit (`ms`, `msec`, `us`, `usec`, `s`), in milliseconds; as in rds-ping. */
export function duration(what: string, minMs: number, maxMs: number): (text: string) => number {
  return (text) => {
    const [, number = '', unit = 's'] = /^(\d+(?:\.\d*)?|\.\d+)([a-z]*)$/.exec(text) ?? [];
    const unitMs = { '': 1000, s: 1000, ms: 1, msec: 1, us: 1e-3, usec: 1e-3 }[unit];
    const ms = number === '' || unitMs === undefined ? Number.NaN : Number(number) * unitMs;
    if (ms >= minMs && ms <= maxMs) return ms;
    const range = `from ${minMs / 1000} to ${maxMs / 1000} seconds`;
    throw usageError(`${what} is '${text}', not a time ${range}, as in 0.5 or 500ms`);
  };
}

/** The IP address that `host` is, or is the name of, as nodes spell it; IPv4 is preferred. */
export async function resolveHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return canonicalAddress(host);
  try {
    // Node looks up an empty name as well, as this machine, and warns of it.
    if (host !== '') return canonicalAddress((await lookup(host, { order: 'ipv4first' })).address);
  } catch {
    // It is told below.
  }
  throw usageError(`'${host}' is neither an IP address nor a host that can be found`);
}

/** `ADDRESS:PORT`, with an IPv6 address in brackets. */
export function hostAndPort(text: string): { host: string; port: number } {
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d+)$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  if (host !== '') return { host, port: wholeNumber('PORT', 2, 65535)(port) };
  throw usageError(`'${text}' is not ADDRESS:PORT, as in 10.0.0.1:4000 or [::1]:4000`);
}

/** The counterpart of `hostAndPort`. */
export function formatHostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
