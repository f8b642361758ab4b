// From one endpoint to 16, and from 16 to one; each has a connection of its own. One to one is the
// same with a single pair, for comparison.

import { measureRate, PLAIN_PLAN } from '../workload.mjs';

const MANY = 16;

/** @type {readonly import('../workload.mjs').Workload[]} */
export const workloads = [
  { senders: 1, receivers: 1 },
  { senders: 1, receivers: MANY },
  { senders: MANY, receivers: 1 },
].map(({ senders, receivers }) => ({
  name: `fan-${senders}-to-${receivers}`,
  about: `64 bytes from ${senders} to ${receivers}`,
  isQuick: false,
  needs: senders + receivers > 2 ? ['many'] : [],
  plan: { ...PLAIN_PLAN, senders, receivers, active: Math.max(senders, receivers) },
  measure: measureRate,
}));
