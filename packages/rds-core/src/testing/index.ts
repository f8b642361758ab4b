/** The public names of `@rds-tcp/core/testing`, one by one. */

// The simulated world
export { SimulatedClock } from './clock.js';
export { type CutFault, SimulatedConnection } from './connection.js';
export { type ChaosOptions, FAULTS, type FaultKind, type FaultScene, Faults } from './faults.js';
export { type HostOptions, SimulatedHost } from './host.js';
export { type DialRule, Link, type LinkOptions } from './link.js';
export type { LinuxFate } from './linux-path.js';
export { LinuxPeer, type LinuxPeerOptions } from './linux-peer.js';
export type { LinuxSocket, LinuxSocketOptions } from './linux-socket.js';
export { Machine, type Program } from './machine.js';
export { type NetworkOptions, SimulatedNetwork } from './network.js';
export { type Range, SeededRandom } from './random.js';
export { createSimulation, Simulation, type SimulationOptions } from './simulation.js';
export { type ConnectionEventKind, Trace, type TraceEvent } from './trace.js';
