// A network of hosts as in namespaces.mjs, with another thing in the middle: in place of the switch
// stands a program of ours that loses, doubles and alters packets (lossy-wire.mjs).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { INTERFACE, Namespaces, reasonOf, run, whyNoNamespaces } from './namespaces.mjs';

/**
 * @typedef {import('./lossy-wire.mjs').Damage} Damage
 * @typedef {import('./lossy-wire.mjs').WireCounts} WireCounts
 */

const wireProgram = fileURLToPath(new URL('lossy-wire.mjs', import.meta.url));

export class LossyNamespaces extends Namespaces {
  #folder = mkdtempSync(join(tmpdir(), 'rds-soak-'));
  /** @type {import('node:child_process').ChildProcess | null} */
  #wire = null;
  /** @type {string[]} */
  #devices = [];

  /**
   * @override
   * @param {import('./world.mjs').World} world
   */
  async open(world) {
    await super.open(world);
    const options = { devices: this.#devices, seed: Math.floor(world.random() * 2 ** 32) };
    const [command = '', ...args] = [...this.atSwitchPrefix, process.execPath, wireProgram];
    const wire = spawn(command, [...args, JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#wire = wire;
    wire.on('exit', () => {
      if (this.#wire === wire) world.errors.push('the wire between the hosts has broken');
    });
    await Promise.race([once(wire, 'message'), once(wire, 'exit')]);
  }

  /** @param {Damage} damage */
  setDamage(damage) {
    this.#wire?.send(damage);
  }

  /** @returns {Promise<WireCounts>} */
  async counts() {
    const answer = this.#wire ? once(this.#wire, 'message') : Promise.resolve([]);
    this.#wire?.send('counts');
    const [counts = { packets: 0, lost: 0, altered: 0, doubled: 0 }] = await answer;
    return counts;
  }

  /**
   * The wire reads whole packets, as they go out: the host has to make them small itself.
   *
   * @override
   * @param {number} node
   */
  async plugIn(node) {
    await this.atHost(node, `link set ${INTERFACE} gso_max_segs 1`);
    await this.atSwitch(`link set port${node} up`);
    await this.atSwitch(`link add link port${node} name tap${node} type macvtap mode passthru`);
    await this.atSwitch(`link set tap${node} up`);
    const numbers = `cat /sys/class/net/tap${node}/tap*/dev`;
    const [command = '', ...args] = [...this.atSwitchPrefix, 'sh', '-c', numbers];
    const { stdout } = await run(command, args);
    // By a name of our own: the kernel's are not unique among namespaces.
    const device = join(this.#folder, `tap${node}`);
    await run('mknod', [device, 'c', ...stdout.trim().split(':')]);
    this.#devices.push(device);
  }

  /** @override */
  async close() {
    const wire = this.#wire;
    this.#wire = null;
    wire?.kill('SIGKILL');
    await super.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Why there can be none here; null if there can. */
export async function whyNoLossyNamespaces() {
  const why = await whyNoNamespaces();
  if (why !== null) return why;
  const network = new LossyNamespaces(99, 1);
  try {
    await network.openHosts();
    return null;
  } catch (error) {
    return `packets can not be had as bytes (macvtap): ${reasonOf(error)}`;
  } finally {
    await network.close();
  }
}
