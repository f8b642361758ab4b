// The network of the lab: a bridge that has all our addresses, and a cable to each kernel.
//
// The smaller of two addresses makes the connection in RDS over TCP. So we have addresses on both
// sides of those of the kernels.

import { run } from './namespace.mjs';

const BRIDGE = 'bridge0';

/** @typedef {'lower' | 'higher'} Side where our address is, seen from the kernels' */
/** @typedef {4 | 6} Family */

/** Addresses of ours on each side. */
const OWN_ADDRESSES = 10;
const FIRST_OWN = { lower: 1, higher: 201 };
const FIRST_KERNEL = 101;

/**
 * @param {number} host
 * @param {Family} family
 */
function addressOf(host, family) {
  return family === 4 ? `10.99.0.${host}` : `fd99::${host}`;
}

/**
 * An address of ours.
 *
 * @param {Side} side
 * @param {number} [index]
 * @param {Family} [family]
 */
export function ownAddress(side, index = 0, family = 4) {
  return addressOf(FIRST_OWN[side] + index, family);
}

/**
 * @param {number} index
 * @param {Family} [family]
 */
export function kernelAddress(index, family = 4) {
  return addressOf(FIRST_KERNEL + index, family);
}

/** @param {string} address */
export function withBits(address) {
  return `${address}/${address.includes(':') ? 64 : 24}`;
}

export async function openBridge() {
  await ip('link set lo up');
  await ip(`link add ${BRIDGE} type bridge`);
  await ip(`link set ${BRIDGE} up`);
  for (const side of /** @type {const} */ (['lower', 'higher'])) {
    for (let index = 0; index < OWN_ADDRESSES; index++) {
      await ip(`addr add ${withBits(ownAddress(side, index, 4))} dev ${BRIDGE}`);
      await ip(`addr add ${withBits(ownAddress(side, index, 6))} dev ${BRIDGE} nodad`);
    }
  }
}

/** The cable between a kernel and the bridge. Pulled out, both ends believe that it is there. */
export class Cable {
  /** @param {string} device the end of the host */
  constructor(device) {
    this.device = device;
  }

  async lay() {
    await ip(`tuntap add ${this.device} mode tap`);
    // The network driver of the kernels takes no more than a packet at a time. (It can be told to,
    // but RDS then copies all of what it got for each message in it, and runs out of memory.)
    await ip(`link set ${this.device} gso_max_segs 1`);
    await ip(`link set ${this.device} up`);
    await this.plugIn();
  }

  async plugIn() {
    await ip(`link set ${this.device} master ${BRIDGE}`);
  }

  async pull() {
    await ip(`link set ${this.device} nomaster`);
  }
}

/** @param {string} command */
async function ip(command) {
  await run('ip', command.split(' '));
}
