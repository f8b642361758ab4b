// After known traffic, the kernel's counters, its list of connections and ours say the same.

import { everyFlow, exchange } from '../exchange.mjs';
import { casesOf, SIDES, scenario } from '../scenario.mjs';
import { socketsOf } from '../sockets.mjs';
import { check } from '../verdict.mjs';

const COUNT = 300;
const BYTES = 700;
const PINGS = 10;
/** What a well-behaved peer never makes a kernel count. */
const NEVER = [
  'recv_drop_bad_checksum',
  'recv_drop_old_seq',
  'recv_drop_no_sock',
  'recv_drop_dead_sock',
  'tcp_listen_closed_stale',
  'tcp_connect_raced',
  'conn_reset',
];

export const counters = scenario({
  name: 'counters',
  about: "the kernel's counters and connections agree with ours",
  cases: casesOf({ ours: SIDES }),
  async run(lab, { ours }) {
    const kernel = lab.kernel();
    // Its counters are those of all its connections: now there are no others.
    await lab.reboot(kernel);
    const peer = await lab.peer(ours);
    const { own, theirs } = await socketsOf(peer, kernel, { own: 2, theirs: 2 });
    await peer.node.ping(kernel.address); // Connected, and what belongs to that is over.
    const before = { ours: ourCounters(peer), theirs: await kernel.counters() };
    const out = await exchange(everyFlow(own, theirs), { count: COUNT, sizes: [BYTES] });
    const back = await exchange(everyFlow(theirs, own), { count: COUNT, sizes: [BYTES] });
    for (let n = 0; n < PINGS; n++) await peer.node.ping(kernel.address);
    const us = grown(before.ours, ourCounters(peer));
    const them = grown(before.theirs, await kernel.counters());

    for (const name of NEVER)
      check(them(name) === 0, `the kernel counted ${name} ${them(name)} times`);
    const pairs = /** @type {const} */ ([
      [us('send_queued'), out.messages, 'we sent'],
      [them('recv_delivered'), out.messages, 'the kernel received'],
      [them('copy_to_user'), out.bytes, 'bytes the kernel handed over'],
      [us('recv_delivered'), back.messages, 'we received'],
      [them('copy_from_user'), back.bytes, 'bytes the kernel took'],
      [us('send_ping'), them('recv_ping'), 'pings of ours that came'],
      [us('recv_pong'), them('send_pong'), 'pongs of the kernel that came'],
      [us('cong_update_queued'), them('cong_update_received'), 'maps of ours'],
      // In 6.1 a message and a pong count as queued alike.
      [them('send_queued'), back.messages + them('send_pong'), 'queued in the kernel'],
    ]);
    for (const [one, other, what] of pairs) check(one === other, `${what}: ${one} and ${other}`);
    // Two changes in a row may be one map.
    const [maps, changes] = [us('cong_update_received'), them('cong_update_queued')];
    check(maps <= changes, `${maps} maps came, and the kernel made ${changes}`);
    await checkConnection(peer, kernel);
    return { messages: out.messages + back.messages, bytes: out.bytes + back.bytes };
  },
});

/** @param {import('../own-peer.mjs').OwnPeer} peer */
function ourCounters(peer) {
  return /** @type {Record<string, number>} */ ({ ...peer.node.info().counters });
}

/**
 * @param {Record<string, number>} before
 * @param {Record<string, number>} after
 */
function grown(before, after) {
  return (/** @type {string} */ name) => {
    const now = after[name];
    if (now === undefined) throw new Error(`there is no counter ${name}`);
    return now - (before[name] ?? 0);
  };
}

/**
 * One TCP connection, at the same numbers at both ends.
 *
 * @param {import('../own-peer.mjs').OwnPeer} peer
 * @param {import('../kernel.mjs').Kernel} kernel
 */
async function checkConnection(peer, kernel) {
  /** @type {Record<string, any>[]} */
  const tcp = await kernel.call('info', { kind: 'tcp_sockets' });
  const open = tcp.filter(({ peer_addr }) => peer_addr === peer.address);
  check(open.length === 1, `${open.length} TCP connections instead of one`);
  /** @type {Record<string, any>[]} */
  const connections = await kernel.call('info', { kind: 'connections' });
  const theirs = connections.find(({ faddr }) => faddr === peer.address);
  const own = peer.connection(kernel.address);
  const numbers = `${own?.nextTxSequence}/${own?.nextRxSequence}`;
  // The kernel's own next number, and the one that it expects: it has sent nothing since.
  const said = `${theirs?.next_rx_seq}/${theirs?.next_tx_seq}`;
  check(numbers === said, `next numbers: we say ${numbers}, the kernel ${said}`);
}
