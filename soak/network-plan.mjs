// What all parts of the soak agree on: TCP ports, RDS ports, and how a socket pair is called.

/** Where nodes listen. */
export const NODE_TCP_PORT = 7000;
/** Where, at the same address, the proxy listens that leads to the node. */
export const PROXY_TCP_PORT = 7001;

/** Received by a 'message' listener: a message that was acknowledged has been in its hands. */
export const LISTENER_PORT = 4000;
/** Received by `for await`, at times slowly. */
export const ITERATOR_PORT = 4001;
/** Received by `recvmsg` and `recvmmsg`. */
export const CALLS_PORT = 4002;
/** Nobody is there: every receipt has to say so. */
export const UNBOUND_PORT = 4003;
/** For messages to peers that never answer. */
export const SPARE_PORT = 4004;

export const RECEIVING_PORTS = [LISTENER_PORT, ITERATOR_PORT, CALLS_PORT];

/** @param {number} port whether a message can be acknowledged before the program has it */
export function isQueued(port) {
  return port === ITERATOR_PORT || port === CALLS_PORT;
}

/**
 * The name of a socket pair. Nodes are called by their number in the scenario.
 *
 * @param {number} from
 * @param {number} sport
 * @param {number} to
 * @param {number} dport
 */
export function flowName(from, sport, to, dport) {
  return `${from}:${sport}>${to}:${dport}`;
}

/** @param {string} flow */
export function parseFlow(flow) {
  const [from = 0, sport = 0, to = 0, dport = 0] = flow.split(/[:>]/).map(Number);
  return { from, sport, to, dport };
}
