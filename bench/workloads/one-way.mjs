// One sender, one receiver, one flow: how many messages of a size a second.

import { measureRate, PLAIN_PLAN } from '../workload.mjs';

const SIZES = [
  { label: '16', sizeBytes: 16, isQuick: false },
  { label: '64', sizeBytes: 64, isQuick: true },
  { label: '1K', sizeBytes: 1024, isQuick: true },
  { label: '8K', sizeBytes: 8192, isQuick: false },
  { label: '64K', sizeBytes: 65_536, isQuick: true },
  { label: '1M', sizeBytes: 1_048_576, isQuick: true },
];

/** @type {readonly import('../workload.mjs').Workload[]} */
export const workloads = SIZES.map(({ label, sizeBytes, isQuick }) => ({
  name: `one-way-${label}`,
  about: `messages of ${sizeBytes} bytes, one way`,
  isQuick,
  needs: [],
  plan: { ...PLAIN_PLAN, sizeBytes },
  measure: measureRate,
}));
