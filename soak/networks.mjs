// Which network a scenario gets, or why it gets none on this machine.

import { Loopback } from './loopback.mjs';
import { LossyNamespaces, whyNoLossyNamespaces } from './lossy-namespaces.mjs';
import { Namespaces, whyNoNamespaces } from './namespaces.mjs';

/**
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @param {number} lane
 * @returns {Promise<import('./world.mjs').Network | { why: string }>}
 */
export async function networkFor({ network, processes, nodesPerProcess, dead }, lane) {
  const nodes = processes * nodesPerProcess + dead;
  if (process.platform !== 'linux') {
    return { why: 'it needs Linux: many loopback addresses, and signals that stop a process' };
  }
  if (network === 'loopback') return new Loopback(lane, nodes);
  const isLossy = network === 'lossy';
  const why = await (isLossy ? whyNoLossyNamespaces() : whyNoNamespaces());
  if (why !== null) return { why };
  return isLossy ? new LossyNamespaces(lane, nodes) : new Namespaces(lane, nodes);
}
