// A socket that nobody reads from is full, and says so to all senders. Nothing is lost: they are
// refused, or wait, and go on as soon as it has room.

import { setTimeout as delay } from 'node:timers/promises';
import { casesOf, MODES, SIDES, scenario } from '../scenario.mjs';
import { check, checkRange, tallyOf } from '../verdict.mjs';

const BYTES = 1000;
/** The kernel doubles what is asked for and RDS uses half of it: the same on both sides. */
const ROOM = 20_000;
/** So many can not be accepted. */
const MANY = 20_000;
const STEP = 20;
const WAITING = 300;

/** @typedef {import('../own-peer.mjs').OwnPeer} OwnPeer */
/** @typedef {import('../kernel.mjs').Kernel} Kernel */
/** @typedef {import('../kernel-socket.mjs').TestSocket} TestSocket */

export const congestion = scenario({
  name: 'congestion',
  about: 'a full socket: ENOBUFS, senders that wait and wake, also over a new connection',
  cases: casesOf({
    ours: SIDES,
    full: /** @type {const} */ (["the kernel's is full", 'ours is full']),
    event: /** @type {const} */ ([
      'it is read',
      'reconnect, it is read',
      'it is read while disconnected',
    ]),
    mode: MODES,
  }),
  async run(lab, { ours, full, event, mode }) {
    const peer = await lab.peer(ours);
    const kernel = lab.kernel();
    const isOurs = full === 'ours is full';
    const own = peer.bind(isOurs ? { receiveBufferBytes: ROOM } : {});
    const theirs = await kernel.bind(isOurs ? {} : { receiveBuffer: ROOM });
    const [from, to] = isOurs ? [theirs, own] : [own, theirs];

    await peer.node.ping(kernel.address); // Now they know each other.
    const sent = await fill(from, to);
    await checkRefused(from, to, sent);
    if (event === 'reconnect, it is read') {
      await reconnect(peer, kernel);
      await checkRefused(from, to, sent);
    }
    const rest = from.send(to, { first: sent, count: WAITING, sizes: [BYTES], mode, seconds: 40 });
    let left = sent + WAITING;
    if (event === 'it is read while disconnected') {
      await kernel.cable.pull();
      // The map that says so has nowhere to go.
      left -= (await to.receive({ count: sent, quietSeconds: 0.3 })).read;
      peer.node.resetConnection(kernel.address);
      await kernel.cable.plugIn();
    }
    const [late, { error }] = await Promise.all([to.receive({ count: left }), rest]);
    check(error === null, `the sender that waited failed: ${error}`);
    checkRange(tallyOf(late, from), sent + WAITING, 'all');
    return { messages: sent + WAITING, bytes: (sent + WAITING) * BYTES };
  },
});

/**
 * Sends until it is refused, and gives how many were accepted.
 *
 * @param {TestSocket} from
 * @param {TestSocket} to
 */
async function fill(from, to) {
  let first = 0;
  while (first < MANY) {
    const plan = { first, count: STEP, sizes: [BYTES], mode: /** @type {const} */ ('once') };
    const { sent, error } = await from.send(to, plan);
    first += sent;
    if (error === 'ENOBUFS') break;
    // The send buffer is full, or the map is on its way.
    await delay(5);
  }
  check(first < MANY, `${first} messages, and never ENOBUFS`);
  check(first * BYTES > ROOM, `refused after ${first} messages, which are fewer than fit`);
  return first;
}

/**
 * @param {TestSocket} from
 * @param {TestSocket} to
 * @param {number} first
 */
async function checkRefused(from, to, first) {
  const { sent, error } = await from.send(to, { first, count: 1, sizes: [BYTES], mode: 'once' });
  check(error === 'ENOBUFS', `a full socket took ${sent} more, ${error} instead of ENOBUFS`);
}

/**
 * @param {OwnPeer} peer
 * @param {Kernel} kernel
 */
async function reconnect(peer, kernel) {
  const up = new Promise((resolve) => {
    peer.node.on('connection', (event) => event.type === 'up' && resolve(null));
  });
  peer.node.resetConnection(kernel.address);
  await up;
  // Its pong comes behind its map.
  await peer.node.ping(kernel.address);
}
