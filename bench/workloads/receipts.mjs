// The cost of knowing: 64 bytes one way, where the sender hears of the delivery of each message
// (ours: `until: 'delivered'`) and has 256 of them under way. To be read beside one-way-64.

import { measureRate, PLAIN_PLAN } from '../workload.mjs';

/** @type {readonly import('../workload.mjs').Workload[]} */
export const workloads = [
  {
    name: 'receipts-64',
    about: '64 bytes one way, with a receipt for each, 256 under way',
    isQuick: true,
    needs: ['receipts'],
    plan: { ...PLAIN_PLAN, receipts: true },
    baseWorkload: 'one-way-64',
    measure: measureRate,
  },
];
