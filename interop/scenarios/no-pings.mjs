// A kernel that answers no pings (net.rds.ping_enable=0) can not say what it has processed. All
// arrives; receipts say that they do not know.

import { everyFlow } from '../exchange.mjs';
import { casesOf, SIDES, scenario } from '../scenario.mjs';
import { socketsOf } from '../sockets.mjs';
import { check, checkComplete, Skip, tallyOf } from '../verdict.mjs';

const SETTING = 'net.rds.ping_enable';
const COUNT = 500;
const RECEIPTS = 20;

export const noPings = scenario({
  name: 'no-pings',
  about: 'a kernel with ping_enable=0: all arrives, receipts stay unknown',
  cases: casesOf({ ours: SIDES }),
  limitSeconds: 90,
  async run(lab, { ours }) {
    const kernel = lab.kernel();
    const old = await kernel.call('sysctl', { name: SETTING }).catch(() => null);
    if (old === null) throw new Skip(`this kernel has no ${SETTING}`);
    await kernel.call('sysctl', { name: SETTING, value: '0' });
    try {
      return await traffic(lab, ours);
    } finally {
      await kernel.call('sysctl', { name: SETTING, value: old });
    }
  },
});

/**
 * @param {import('../lab.mjs').Lab} lab
 * @param {import('../bridge.mjs').Side} ours
 */
async function traffic(lab, ours) {
  const peer = await lab.peer(ours);
  const { own, theirs } = await socketsOf(peer, lab.kernel(), { own: 1, theirs: 1 });
  const traffic = { messages: 0, bytes: 0 };
  for (const { from, to } of [...everyFlow(own, theirs), ...everyFlow(theirs, own)]) {
    const plan = { count: COUNT, sizes: [500] };
    const [sent, read] = await Promise.all([from.send(to, plan), to.receive({ count: COUNT })]);
    checkComplete(tallyOf(read, from), sent, from === own[0] ? 'from us' : 'from the kernel');
    traffic.messages += sent.sent;
    traffic.bytes += sent.bytes;
  }
  const [from] = own;
  const [to] = theirs;
  if (from === undefined || to === undefined) throw new Error('no sockets');
  const plan = { first: COUNT, count: RECEIPTS, sizes: [500], receipts: true, seconds: 40 };
  const [{ receipts }, read] = await Promise.all([
    from.send(to, plan),
    to.receive({ count: RECEIPTS }),
  ]);
  check(read.read === RECEIPTS, `${read.read} of ${RECEIPTS} messages arrived`);
  const unknown = receipts?.unknown.length;
  check(unknown === RECEIPTS, `receipts without a pong: ${JSON.stringify(receipts)}`);
  const left = peer.connection(to.address)?.retransmitQueueMessages;
  check(left === 0, `${left} messages are kept for ever`);
  return { messages: traffic.messages + RECEIPTS, bytes: traffic.bytes + RECEIPTS * 500 };
}
