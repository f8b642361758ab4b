/**
 * LinuxConnection: one peer as a simulated kernel knows it: who it is, and the paths to it. Mirrors
 * `struct rds_connection`: of Linux 6.1, which has one path to our nodes, and as of 2026, which
 * tells paths apart by the TCP port of who dials, and begins on the first.
 */

import { compareNodes, type IpAddress, parseIp } from '../address.js';
import type { Extensions } from '../wire/extension.js';
import type { Header } from '../wire/header.js';
import {
  type Handshake,
  type LinuxConnectionOwner,
  type LinuxFate,
  type LinuxMessage,
  LinuxPath,
  type LinuxPathOwner,
  PROBE_PORT,
} from './linux-path.js';
import type { SimulatedStream } from './stream.js';

/** What 6.1 takes for the payload of an extension type below 16. It knows nothing of the others. */
const EXTENSION_BYTES = [0, 4, 4, 8, 0, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/** As of 2026: RDMA_BYTES and SPORT_IDX. */
const NEW_EXTENSION_BYTES = [0, 4, 4, 8, 8, 2, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0];
/** Of the one type from 16 up that our nodes send, with the type byte. */
const PRIVATE_BYTES = 4;
/** RDS_MPATH_WORKERS. */
const MAX_PATHS = 8;

export class LinuxConnection implements LinuxPathOwner {
  readonly owner: LinuxConnectionOwner;
  readonly remote: string;
  /** Ours is the smaller address. */
  readonly dials: boolean;
  /** c_npaths; 0 as long as the peer has not said. */
  npaths = 0;
  /** c_map_queued: whichever path transmits next sends our map. */
  mapQueued = false;
  readonly #paths: LinuxPath[] = [];
  /** c_fcong: it outlives connections. */
  readonly #congestion = new Uint8Array(8192);
  #hasSportIndex = false;
  #pingTriggered = false;
  #generation = 0;
  /** c_cp0_mprds_catchup_tx_seq: what the first path has to be done with before others begin. */
  #catchUpTo = 0;

  constructor(owner: LinuxConnectionOwner, remote: string) {
    this.owner = owner;
    this.remote = remote;
    const ip = parseIp(remote) as IpAddress;
    this.dials = compareNodes({ ip: owner.ip, tcpPort: 0 }, { ip, tcpPort: 0 }) < 0;
  }

  /** How many paths are in use. */
  get count(): number {
    return Math.max(1, Math.min(this.npaths, this.#isNew ? MAX_PATHS : 1));
  }

  /** As of 2026 a lane may be dialled before we know that there is more than one. */
  get isDouble(): boolean {
    return !this.#isNew && this.owner.connectionsFrom(this.remote) > 1;
  }

  get handshake(): Extensions {
    const { options, ownGeneration } = this.owner;
    const { paths: npaths } = options;
    return this.#isNew ? { npaths, generation: ownGeneration, sportIndex: true } : { npaths };
  }

  /** rds_send_mprds_hash: the path of a socket with this hash. */
  pathOf(hash: number): LinuxPath {
    return this.#path(hash & (this.count - 1));
  }

  /** False while a blocking send of a socket with this hash has to wait. */
  prepare(hash: number): boolean {
    if (this.npaths > 0 || hash === 0) return true;
    this.ping();
    return this.#isNew;
  }

  isCongested(port: number): boolean {
    return (((this.#congestion[port >> 3] as number) >> (port & 7)) & 1) === 1;
  }

  mapReceived(map: Uint8Array): void {
    this.#congestion.set(map);
    this.owner.wakeSenders();
  }

  mapChanged(): void {
    this.mapQueued = true;
    this.#path(0).xmit();
  }

  /** rds_tcp_accept_one_path. */
  accept(stream: SimulatedStream): void {
    this.#path(this.#hasSportIndex ? stream.remotePort % this.count : 0).accept(stream);
  }

  shutdown(): void {
    for (const path of this.#paths) if (path.isUp) path.shutdown();
  }

  drop(fate: LinuxFate, sender?: LinuxMessage['sender']): void {
    for (const path of this.#paths) path.drop(fate, sender);
  }

  // For the paths

  pathUp(index: number): void {
    this.mapQueued = true;
    if (index > 0 || !this.#isNew) return;
    this.#pingTriggered = false;
    this.ping();
  }

  ping(): void {
    if (this.#pingTriggered) return;
    this.#pingTriggered = true;
    this.#path(0).sendProbe(PROBE_PORT, 0);
  }

  mayTransmit(index: number): boolean {
    return index === 0 || this.#path(0).isPast(this.#catchUpTo);
  }

  /** The first path has something less to do. */
  caughtUp(): void {
    if (this.#paths.length === 1 || !this.mayTransmit(1)) return;
    for (const path of this.#paths.slice(1)) path.xmit();
  }

  /** rds_recv_hs_exthdrs and rds_conn_peer_gen_update. */
  introduced({ npaths, generation, sportIndex }: Handshake): void {
    const count = Math.min(npaths || this.npaths, this.#isNew ? this.owner.options.paths : npaths);
    const fansOut = this.#isNew && count > 1 && count !== this.npaths;
    this.#hasSportIndex = this.#isNew && sportIndex;
    this.npaths = Math.max(1, count || this.npaths);
    this.#pingTriggered = false;
    if (generation !== 0) {
      if (this.#generation !== 0 && this.#generation !== generation) {
        for (const path of this.#paths) path.peerRestarted();
      }
      this.#generation = generation;
    }
    if (fansOut) {
      this.#catchUpTo = this.#path(0).nextTx;
      // rds_tcp_conn_slots_available: what was accepted first may have been another path.
      if (!this.dials && this.#path(0).remotePort % this.count !== 0) this.#path(0).shutdown();
    }
    // rds_start_mprds.
    if (this.#isNew && this.dials) {
      for (let index = 1; index < this.count; index++) this.#path(index).connectIfDown();
    }
    this.owner.wakeSenders();
  }

  /** rds_message_next_extension, as far as it gets. */
  readExtensions({ extended, extensions }: Header): Handshake {
    const found = { npaths: 0, generation: 0, sportIndex: false };
    const view = new DataView(extensions.buffer);
    for (let at = 0; extended && at < extensions.length; ) {
      const type = extensions[at] as number;
      const bytes = (this.#isNew ? NEW_EXTENSION_BYTES : EXTENSION_BYTES)[type];
      if (bytes === undefined) {
        const behind = extensions.subarray(at + PRIVATE_BYTES);
        if (behind.some((byte) => byte !== 0)) this.#violation('goes on behind its extension');
      } else if (bytes === 0 && type !== 0) this.#violation(`has extension type ${type}`);
      if (type === 0 || bytes === undefined || at + 1 + bytes > extensions.length) break;
      if (type === 5) found.npaths = view.getUint16(at + 1);
      if (type === 6) found.generation = view.getUint32(at + 1);
      if (type === 8) found.sportIndex = true;
      at += 1 + bytes;
    }
    if (found.npaths > 1 && !found.sportIndex) this.#violation(`announces ${found.npaths} paths`);
    return found;
  }

  get #isNew(): boolean {
    return this.owner.options.generation === 2026;
  }

  #path(index: number): LinuxPath {
    while (this.#paths.length <= index) this.#paths.push(new LinuxPath(this, this.#paths.length));
    return this.#paths[index] as LinuxPath;
  }

  #violation(text: string): void {
    this.owner.violation(this.remote, text);
  }
}
