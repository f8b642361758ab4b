// One message of 64 bytes goes to and fro: how long it takes, for both processes on one core, where
// nothing has to wake another core, and free.

import { PLAIN_PLAN } from '../workload.mjs';

/** @type {readonly import('../workload.mjs').Workload[]} */
export const workloads = [
  { name: 'ping-pong', about: 'round trip of 64 bytes', isQuick: true, onOneCore: false },
  {
    ...{ name: 'ping-pong-one-core', about: 'round trip of 64 bytes, both processes on one core' },
    ...{ isQuick: false, onOneCore: true },
  },
].map((workload) => ({
  ...workload,
  needs: ['echo'],
  plan: { ...PLAIN_PLAN, echo: true },
  measure: measureRoundTrip,
}));

/** @type {import('../workload.mjs').Workload['measure']} */
async function measureRoundTrip({ sender }, _, { warmUpMs, measureMs }) {
  await sender.ask(`ping-for ${warmUpMs}`, 'pinged');
  const { p50, p99, p999 } = await sender.ask(`ping-for ${measureMs}`, 'pinged');
  return { p50, p99, p999 };
}
