// What a contender is: some way to carry messages from one process to another. Each is one file in
// contenders/, which exports `contender`. It only carries: what is sent, how often and whether all
// of it arrived is the harness's, and the same for all.

/**
 * What is to be carried. There are as many pairs as there are endpoints on the side that has more;
 * each pair has `sockets` flows.
 *
 * @typedef {object} Plan
 * @property {number} sizeBytes of every message
 * @property {number} senders endpoints in the sending process
 * @property {number} receivers endpoints in the receiving process
 * @property {number} sockets flows that share the connection of one pair
 * @property {number} active flows that carry something; the others are connected and silent
 * @property {boolean} echo each message is sent back, as soon as it is there
 * @property {boolean} receipts the sender hears of each delivery
 * @property {boolean} cut the connection is cut again and again
 * @property {string} network `127.x`: addresses on the loopback of which nobody else has any
 */

/**
 * What a contender may be able to do beyond one flow in one direction. A workload names what it
 * needs, and a contender what it has.
 *
 * - `echo`: messages in both directions
 * - `sockets`: several flows over one connection
 * - `many`: several connections, or peers
 * - `thousand`: 1,000 of them
 * - `receipts`: the sender hears of each delivery
 * - `reconnect`: goes on by itself after a cut
 *
 * @typedef {'echo' | 'sockets' | 'many' | 'thousand' | 'receipts' | 'reconnect'} Feature
 */

/** @typedef {(message: Uint8Array) => void} Deliver to be called once for each message, in order */

/** @typedef {{ [name: string]: string | number }} Where how the other side finds this one */

/**
 * One way from the sender to the receiver.
 *
 * @typedef {object} Flow
 * @property {(message: Buffer) => boolean} send takes the message in any case; false if no other
 *   may follow before `writable` has resolved. What is on its way must have a limit.
 * @property {() => Promise<void>} writable
 * @property {(message: Buffer) => Promise<unknown>} [deliver] sends, and resolves on delivery
 */

/**
 * @typedef {object} Receiving
 * @property {Where} where
 * @property {readonly number[]} [helpers] processes that work for it, whose CPU time counts too
 */

/**
 * @typedef {object} Sending
 * @property {Where} [where] only of contenders whose sender listens
 * @property {Promise<readonly Flow[]> | readonly Flow[]} flows once all is connected
 * @property {boolean} keeps it reads messages after `send` has returned, so each needs its own
 *   buffer
 */

/**
 * @typedef {object} Contender
 * @property {readonly Feature[]} features
 * @property {boolean} [senderListens] the receiver dials; `where` comes from the sender
 * @property {boolean} [inProcess] both sides are one process
 * @property {() => string | null} [missing] why it can not run here
 * @property {(plan: Plan, deliver: Deliver, where: Where) => Promise<Receiving>} receive
 * @property {(plan: Plan, answered: Deliver, where: Where) => Promise<Sending>} send
 */

/**
 * A program in another language, which speaks the language of side.mjs on its standard streams.
 *
 * @typedef {object} Program
 * @property {readonly Feature[]} features
 * @property {() => string | null} missing
 * @property {(role: 'receive' | 'send', plan: Plan, where: Where) => readonly string[]} command
 */

/** @param {Plan} plan */
export function pairsOf({ senders, receivers }) {
  return Math.max(senders, receivers);
}

/**
 * The address of an endpoint. Senders have the lower ones.
 *
 * @param {Plan} plan
 * @param {'receive' | 'send'} role
 * @param {number} index
 */
export function addressOf({ network }, role, index) {
  const host = (role === 'send' ? 1 : 8193) + index;
  return `${network}.${host >> 8}.${host & 255}`;
}
