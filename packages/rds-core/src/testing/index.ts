/** The public names of `@rds-tcp/core/testing`, one by one. */

// The simulated world
export { SimulatedClock } from './clock.js';
export { type CutFault, SimulatedConnection } from './connection.js';
export { type HostOptions, SimulatedHost } from './host.js';
export { type DialRule, Link } from './link.js';
export { type NetworkOptions, SimulatedNetwork } from './network.js';
export { type Range, SeededRandom } from './random.js';
