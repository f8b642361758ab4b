import { type NodeOptions, openNode, type RdsNode } from '../../src/index.js';
import { SeededRandom, SimulatedClock, SimulatedNetwork } from '../../src/testing/index.js';
export function world(seed = 1, options = {}) {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock, new SeededRandom(seed), options);
  const open = async (address: string, more: Partial<NodeOptions> = {}) => {
    const runtime = network.runtime();
    const node: RdsNode = await openNode({ address, ...more }, runtime);
    return Object.assign(node, { host: runtime });
  };
  return { clock, network, open };
}
export const A = '10.0.0.1';
export const B = '10.0.0.2';
export const C = '10.0.0.3';
