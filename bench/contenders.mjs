// All contenders, in the order in which they run and are shown. Each is loaded only when it runs,
// since what a peer imports may not be installed.

/**
 * @typedef {object} Entry
 * @property {string} name and the name of its file in contenders/
 * @property {'limit' | 'ours' | 'peer'} kind
 * @property {string} about
 * @property {readonly string[]} packages from npm, which are installed for it
 * @property {string} [program] of the system, that it needs
 */

/** The one that all others are measured by. */
export const BASE = 'raw-net';

/** @type {readonly Entry[]} */
export const contenders = [
  limit('raw-net', "plain node:net, 'data' events"),
  limit('raw-net-onread', 'plain node:net, `onread` at the receiver'),
  { ...limit('c', 'the same framing in C'), program: 'cc' },
  ours('ours-callback', "'message' listener"),
  ours('ours-iterator', '`for await`'),
  ours('ours-recvmsg', '`recvmsg`'),
  ours('ours-recvmmsg', '`recvmmsg`'),
  ours('ours-loopback', 'between sockets of one node'),
  peer('zeromq', 'PUSH to PULL; DEALER to DEALER where there are answers', ['zeromq']),
  peer('ws', 'WebSocket', ['ws', 'bufferutil']),
  {
    ...peer('nats', 'core NATS, through its server', ['@nats-io/transport-node']),
    program: 'nats-server',
  },
  peer('grpc', 'streams of @grpc/grpc-js', ['@grpc/grpc-js']),
  peer('socket.io', 'events over WebSocket', ['socket.io', 'socket.io-client']),
  peer('mqtt', 'MQTT.js to aedes', ['mqtt', 'aedes']),
  peer('rsocket', 'over TCP', ['rsocket-core', 'rsocket-tcp-server', 'rsocket-tcp-client']),
];

/**
 * @param {string} name
 * @returns {Promise<import('./contender.mjs').Contender | import('./contender.mjs').Program>}
 */
export async function findContender(name) {
  const { contender } = await import(`./contenders/${name}.mjs`);
  return contender;
}

/**
 * @param {string} name
 * @param {string} about
 * @returns {Entry}
 */
function limit(name, about) {
  return { name, kind: 'limit', about, packages: [] };
}

/**
 * @param {string} name
 * @param {string} about
 * @returns {Entry}
 */
function ours(name, about) {
  return { name, kind: 'ours', about, packages: [] };
}

/**
 * @param {string} name
 * @param {string} about
 * @param {readonly string[]} packages
 * @returns {Entry}
 */
function peer(name, about, packages) {
  return { name, kind: 'peer', about, packages };
}
