// One endpoint with 1,000 peers, of which 10 are sent to; and the same with these 10 alone. All are
// on the loopback, in one process. `idle` is what a connected peer costs the one that has them all
// in resident memory, before anything is carried.

import { measureRate, PLAIN_PLAN } from '../workload.mjs';

const ACTIVE = 10;
const MANY = 1000;

/** @type {readonly import('../workload.mjs').Workload[]} */
export const workloads = [ACTIVE, MANY].map((receivers) => ({
  name: `peers-${receivers}`,
  about: `64 bytes to ${ACTIVE} of ${receivers} connected peers`,
  isQuick: false,
  needs: receivers === MANY ? ['many', 'thousand'] : ['many'],
  plan: { ...PLAIN_PLAN, receivers, active: ACTIVE },
  measure: measurePeers,
}));

/** @type {import('../workload.mjs').Workload['measure']} */
async function measurePeers(session, plan, lengths) {
  /** @type {import('../session.mjs').Usage} */
  const { nowKib, startKib } = await session.sender.ask('usage', 'usage');
  const figures = await measureRate(session, plan, lengths);
  // Of few peers the rest of the library is more than they are.
  return plan.receivers === MANY ? { ...figures, idle: (nowKib - startKib) / MANY } : figures;
}
