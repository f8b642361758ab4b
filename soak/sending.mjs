// The ways to send a message, one of which is taken by chance, and what each of them says became
// of it.

import { between, pick } from './random.mjs';

/**
 * @typedef {import('./soak-node.mjs').RdsSocket} RdsSocket
 * @typedef {import('./worker-log.mjs').Settled} Settled
 * @typedef {{ address: string, port: number }} To
 * @typedef {'queued' | 'delivered' | 'dontWait' | 'delivered, dontWait' | 'try' | 'timeout'
 *   | 'delivered, timeout' | 'delivered, signal'} Way
 */

/** @type {readonly Way[]} Some more often than others. */
const WAYS = [
  ...['queued', 'queued', 'queued', 'queued', 'delivered', 'delivered', 'delivered'],
  ...['dontWait', 'delivered, dontWait', 'try', 'timeout', 'delivered, timeout'],
  'delivered, signal',
].map((way) => /** @type {Way} */ (way));
const MAX_TIMEOUT_MS = 1500;
/** What is sent is ours again once it is accepted. Should anybody still read it, then this. */
const SPOILED = 0xee;

/**
 * @param {RdsSocket} socket
 * @param {Buffer} data
 * @param {To} to
 * @param {import('./random.mjs').Random} random
 * @param {Way | null} way null: any
 * @returns {Promise<[outcome: Settled, code: string]>}
 */
export async function sendInSomeWay(socket, data, to, random, way) {
  const chosen = way ?? pick(random, WAYS);
  const middle = between(random, 0, data.length);
  const whole = random() < 0.8 ? data : [data.subarray(0, middle), data.subarray(middle)];
  try {
    await send(socket, whole, to, chosen, between(random, 1, MAX_TIMEOUT_MS));
    data.fill(SPOILED);
    return [chosen.startsWith('delivered') ? 'delivered' : 'accepted', ''];
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'outcome' in error)) throw error;
    return [error.outcome === 'unknown' ? 'unknown' : 'not-delivered', String(error.code)];
  }
}

/**
 * @param {RdsSocket} socket
 * @param {Uint8Array | Uint8Array[]} data
 * @param {To} to
 * @param {Way} way
 * @param {number} timeoutMs
 * @returns {Promise<void> | void}
 */
function send(socket, data, to, way, timeoutMs) {
  if (way === 'try') return socket.trySendmsg(data, to);
  const until = way.startsWith('delivered') ? 'delivered' : 'queued';
  if (way.endsWith('dontWait')) return socket.sendmsg(data, to, { until, dontWait: true });
  if (way.endsWith('timeout')) return socket.sendmsg(data, to, { until, timeoutMs });
  if (!way.endsWith('signal')) return socket.sendmsg(data, to, { until });
  return socket.sendmsg(data, to, { until, signal: AbortSignal.timeout(timeoutMs) });
}
