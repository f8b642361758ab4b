// Several sockets that share one connection, each with a flow of its own, served in turn. What a
// library with one flow per connection can not do.

import { measureRate, PLAIN_PLAN } from '../workload.mjs';

const COUNTS = [
  { sockets: 1, isQuick: false },
  { sockets: 8, isQuick: false },
  { sockets: 64, isQuick: true },
];

/** @type {readonly import('../workload.mjs').Workload[]} */
export const workloads = COUNTS.map(({ sockets, isQuick }) => ({
  name: `sockets-${sockets}`,
  about: `64 bytes from ${sockets} sockets to ${sockets}, over one connection`,
  isQuick,
  needs: ['sockets'],
  plan: { ...PLAIN_PLAN, sockets, active: sockets },
  baseWorkload: 'one-way-64',
  measure: measureRate,
}));
