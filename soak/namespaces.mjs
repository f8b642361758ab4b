// A network of real hosts, as far as the kernel can make them: a network namespace for each node,
// joined by virtual cables (veth) to a bridge in another. It needs root and `ip` of iproute2.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** @typedef {import('./world.mjs').World} World */

export const run = promisify(execFile);

/** The interface of each host; the other end of its cable has the name of the host. */
export const INTERFACE = 'eth0';
const PREFIX_BITS = 24;

export class Namespaces {
  proxy = null;
  #name;
  #isOpen = false;

  /**
   * @param {number} lane another for each scenario of a run
   * @param {number} nodes
   */
  constructor(lane, nodes) {
    this.#name = `rds-soak-${process.pid}-${lane}`;
    this.addresses = Array.from({ length: nodes }, (_, index) => `10.213.${lane}.${index + 1}`);
  }

  /** @param {number} node */
  prefix(node) {
    return ['ip', 'netns', 'exec', this.hostName(node)];
  }

  /** @param {number} node */
  hostName(node) {
    return `${this.#name}-${node}`;
  }

  get switchName() {
    return `${this.#name}-switch`;
  }

  /**
   * `ip` at a host.
   *
   * @param {number} node
   * @param {string} command
   */
  async atHost(node, command) {
    await ip(`-n ${this.hostName(node)} ${command}`);
  }

  /** The start of a command that runs in the middle. */
  get atSwitchPrefix() {
    return ['ip', 'netns', 'exec', this.switchName];
  }

  /** @param {string} command */
  async atSwitch(command) {
    await ip(`-n ${this.switchName} ${command}`);
  }

  /** @param {number} node */
  addressWithBits(node) {
    return `${this.addresses[node]}/${PREFIX_BITS}`;
  }

  /** @param {World} _world */
  async open(_world) {
    await this.openHosts();
  }

  async openHosts() {
    this.#isOpen = true;
    await ip(`netns add ${this.switchName}`);
    await this.atSwitch('link add br0 type bridge');
    await this.atSwitch('link set br0 up');
    for (const node of this.addresses.keys()) await this.addHost(node);
  }

  async close() {
    if (!this.#isOpen) return;
    for (const node of this.addresses.keys()) {
      await ip(`netns del ${this.hostName(node)}`).catch(() => {});
    }
    await ip(`netns del ${this.switchName}`).catch(() => {});
  }

  /** @param {number} node */
  async addHost(node) {
    await ip(`netns add ${this.hostName(node)}`);
    await this.atHost(node, 'link set lo up');
    const far = `type veth peer name port${node} netns ${this.switchName}`;
    // Always the same, as that of a real host: its peers remember it (ARP) longer than it is away.
    const hardware = `address 02:00:00:00:00:${String(node + 1).padStart(2, '0')}`;
    await this.atHost(node, `link add ${INTERFACE} ${hardware} ${far}`);
    await this.atHost(node, `addr add ${this.addressWithBits(node)} dev ${INTERFACE}`);
    await this.atHost(node, `link set ${INTERFACE} up`);
    await this.plugIn(node);
  }

  /**
   * Cuts the cable, lets its processes end, and takes its kernel's connections away, too: none of
   * them can say a last word.
   *
   * @param {number} node
   * @param {() => Promise<void>} endProcesses
   */
  async removeHost(node, endProcesses) {
    await this.atSwitch(`link del port${node}`);
    await endProcesses();
    await ip(`netns del ${this.hostName(node)}`);
  }

  /** @param {number} node */
  async plugIn(node) {
    await this.atSwitch(`link set port${node} master br0`);
    await this.atSwitch(`link set port${node} up`);
  }
}

/** Each try has a name of its own: they may be made at the same time. */
let tries = 0;

/** Why there can be none here; null if there can. */
export async function whyNoNamespaces() {
  if (process.platform !== 'linux') return 'network namespaces are found on Linux only';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `rds-soak-${process.pid}-try${++tries}`;
  try {
    await ip(`netns add ${name}`);
    await ip(`-n ${name} link add try0 type veth peer name try1`);
    await ip(`-n ${name} link add try2 type bridge`);
    return null;
  } catch (error) {
    return `a network namespace can not be made: ${reasonOf(error)}`;
  } finally {
    await ip(`netns del ${name}`).catch(() => {});
  }
}

/** @param {string} command */
async function ip(command) {
  await run('ip', command.split(' '));
}

/** @param {unknown} error */
export function reasonOf(error) {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split('\n').at(-1) ?? text;
}
