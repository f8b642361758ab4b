// One endpoint with 1,000 peers, of which 10 are sent to; and the same with these 10 alone. All are
// on the loopback, in one process. `idle` is what a connected peer costs the one that has them all in
// resident memory, before anything is carried.

import { measureRate, PLAIN_PLAN } from '../workload.mjs';

const ACTIVE = 10;

/** @type {readonly import('../workload.mjs').Workload[]} */
export const workloads = [10, 1000].map((receivers) => ({
  name: `peers-${receivers}`,
  about: `64 bytes to ${ACTIVE} of ${receivers} connected peers`,
  isQuick: false,
  needs: receivers > ACTIVE ? ['many', 'thousand'] : ['many'],
  plan: { ...PLAIN_PLAN, receivers, active: ACTIVE },
  measure: measurePeers,
}));

/** @type {import('../workload.mjs').Workload['measure']} */
async function measurePeers(session, plan, lengths) {
  /** @type {import('../session.mjs').Usage} */
  const { nowKib, startKib } = await session.sender.ask('usage', 'usage');
  const figures = await measureRate(session, plan, lengths);
  return { ...figures, idle: (nowKib - startKib) / plan.receivers };
}
