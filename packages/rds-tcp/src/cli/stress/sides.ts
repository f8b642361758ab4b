/**
 * Sides: how the active and the passive side of a run come together, from opening a node to the
 * moment when both have their sockets.
 */

import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { RdsNode } from '@rds-tcp/core';
import { createNode } from '../../index.js';
import { formatHostAndPort } from '../arguments.js';
import { CommandError, codeOf, describeError, usageError } from '../exit.js';
import { localAddressFor } from '../own-node.js';
import { acceptControl, type Control, connectControl } from './control.js';
import { encodeOptions, type OptionsBlock, readOptions } from './options-block.js';
import type { Report } from './report.js';
import { Run, type RunOptions, type Timing } from './run.js';
import { checkSettings, type Settings } from './settings.js';

export interface SideOptions {
  /** Our address; if it is not given, that from which the peer is reached. */
  readonly local: string | undefined;
  readonly tcpPort: number;
  readonly inspector?: boolean;
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly timing: Timing;
}

export interface ActiveOptions extends SideOptions {
  /** Spelt as received messages spell it. */
  readonly peer: string;
  readonly settings: Settings;
  readonly connectRetries: number;
  /** The version of the tool on the other side, where the options block has to name it. */
  readonly peerVersion: string;
}

export interface PassiveOptions extends SideOptions {
  readonly basePort: number;
}

/** The options come with the connection. */
const OPTIONS_TIMEOUT_MS = 10_000;
/** A tool that starts a hundred processes takes its time. */
const READY_TIMEOUT_MS = 120_000;
/** To close in good order takes less, if the peer is there. */
const CLOSE_LIMIT_MS = 5000;
const GO = Uint8Array.of(0);

export async function runActive(options: ActiveOptions): Promise<void> {
  const { peer, settings, report, signal, peerVersion } = options;
  checkSettings(settings, peer);
  const local = options.local ?? (await localAddressFor(peer));
  if (local === peer) {
    throw usageError(
      `both sides would be nodes at ${peer}: give one of them another address of this machine, as` +
        ' in -r 127.0.0.2',
    );
  }
  const node = await openNode(local, options);
  return guarded(leaving(node), async () => {
    await report.note(`calling ${formatHostAndPort(peer, settings.basePort)} from ${local}`);
    const { basePort } = settings;
    const control = await connectControl(local, peer, basePort, options.connectRetries, signal);
    return guarded(control, async () => {
      control.write(encodeOptions(settings, { active: local, passive: peer }, peerVersion));
      const run = newRun(options, { role: 'active', settings, node, peerAddress: peer, control });
      control.write(GO);
      await control.read(1, READY_TIMEOUT_MS, signal);
      await run.conduct();
    });
  });
}

/** Serves one run, and then is done. */
export async function runPassive(options: PassiveOptions): Promise<void> {
  const { local } = options;
  const early = local === undefined ? null : await openNode(local, options);
  return guarded(early && leaving(early), async () => {
    const { control, greeting } = await waitForActive(options);
    return guarded(control, async () => {
      const node = early ?? (await openNode(control.localAddress, options));
      return guarded(leaving(node), () => serve(options, node, control, greeting));
    });
  });
}

async function waitForActive({ local, basePort, report, signal }: PassiveOptions) {
  const host = local ?? '0.0.0.0';
  const say = (text: string) => void report.note(text);
  const reception = {
    listening: () => say(`waiting on ${formatHostAndPort(host, basePort)} for the active side`),
    greet: (control: Control) => greet(control, signal),
    refused: ({ remoteAddress }: Control, error: unknown) =>
      say(`refused ${remoteAddress}: ${describeError(error)}`),
  };
  const accepted = await acceptControl(host, basePort, reception, signal);
  const { localAddress, remoteAddress } = accepted.control;
  await report.note(`called by ${remoteAddress} at ${localAddress}`);
  return accepted;
}

async function serve(
  options: PassiveOptions,
  node: RdsNode,
  control: Control,
  { settings, activeAddress }: OptionsBlock,
): Promise<void> {
  const peerAddress = activeAddress;
  const run = newRun(options, { role: 'passive', settings, node, peerAddress, control });
  await control.read(1, READY_TIMEOUT_MS, options.signal);
  control.write(GO);
  await run.conduct();
}

/** The options, if they can be run and are of who calls: we would flood whom they name. */
async function greet(control: Control, signal: AbortSignal): Promise<OptionsBlock> {
  const read = (bytes: number) => control.read(bytes, OPTIONS_TIMEOUT_MS, signal);
  const block = await readOptions(read, isIP(control.remoteAddress) === 6);
  if (block.activeAddress !== control.remoteAddress) {
    throw new CommandError(`it claims to be ${block.activeAddress}`);
  }
  checkSettings(block.settings, block.activeAddress);
  return block;
}

function newRun(
  { report, signal, timing }: SideOptions,
  rest: Omit<RunOptions, 'report' | 'signal' | 'timing'>,
): Run {
  return new Run({ ...rest, report, signal, timing });
}

async function openNode(
  address: string,
  { tcpPort, inspector = false }: SideOptions,
): Promise<RdsNode> {
  try {
    // A stress test wants to go on at once after a fault: the kernel's delays are the shorter ones.
    return await createNode({ address, tcpPort, inspector, reconnect: 'kernel' });
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    const where = formatHostAndPort(address, tcpPort);
    throw new CommandError(
      `a node of another process, or the kernel's, listens on ${where}; use another address of` +
        ' this machine (-r), or the same other --tcp-port on both sides',
    );
  }
}

/** Leaves nothing behind, whatever goes wrong. */
async function guarded(
  resource: { destroy(): unknown } | null,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    await resource?.destroy();
    throw error;
  }
}

/** The peer is to hear that we leave, or it keeps a dead connection; but it may be gone itself. */
function leaving(node: RdsNode): { destroy(): Promise<unknown> } {
  const destroy = async () => {
    const late = delay(CLOSE_LIMIT_MS, undefined, { ref: false });
    await Promise.race([node.close({ deadlineMs: 0 }), late]);
    return node.destroy();
  };
  return { destroy };
}
