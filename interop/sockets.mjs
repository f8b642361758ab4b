// Sockets on both sides, as many as a scenario needs.

/**
 * @typedef {object} Counts
 * @property {number} own
 * @property {number} theirs
 */

/**
 * @param {import('./own-peer.mjs').OwnPeer} peer
 * @param {import('./kernel.mjs').Kernel} kernel
 * @param {Counts} counts
 */
export async function socketsOf(peer, kernel, counts) {
  const own = Array.from({ length: counts.own }, () => peer.bind());
  const address = peer.address.includes(':') ? kernel.address6 : kernel.address;
  const binding = Array.from({ length: counts.theirs }, () => kernel.bind({ address }));
  return { own, theirs: await Promise.all(binding) };
}
