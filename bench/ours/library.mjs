// What is measured of ours is the build, as users get it.

export {
  createNode,
  openNode,
  SystemClock,
  TcpTransport,
} from '../../packages/rds-tcp/dist/index.js';

/** @typedef {import('../../packages/rds-tcp/dist/index.js').RdsNode} RdsNode */
/** @typedef {import('../../packages/rds-tcp/dist/index.js').RdsSocket} RdsSocket */
/** @typedef {import('../../packages/rds-tcp/dist/index.js').Address} Address */
/** @typedef {import('../../packages/rds-tcp/dist/index.js').Incoming} Incoming */
