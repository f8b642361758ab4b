/**
 * LinuxPath: one path to a peer of a simulated kernel. Mirrors `struct rds_conn_path` of Linux 6.1:
 * send.c, recv.c and threads.c of net/rds, under tcp_connect.c and tcp_listen.c. On purpose it has
 * nothing of our own path: two sides that share a mistake get along.
 */

import { type IpAddress, RDS_TCP_PORT } from '../address.js';
import { Queue } from '../queue.js';
import type { Timer } from '../runtime.js';
import { type Extensions, encodeExtensions } from '../wire/extension.js';
import { FrameDecoder, type FrameSink } from '../wire/frame-decoder.js';
import * as wire from '../wire/header.js';
import type { SimulatedHost } from './host.js';
import { LinuxCritic } from './linux-critic.js';
import type { SimulatedStream } from './stream.js';

/** What became of a message that was sent with a token. */
export type LinuxFate =
  | 'queued'
  | 'acknowledged'
  /** The same, and in this life no pong of the kernel was acknowledged before it. */
  | 'acknowledged-unanswered'
  /** The same, and TCP took it only when it was sent again. */
  | 'acknowledged-resent'
  | `dropped-by-${'generation' | 'close' | 'reboot'}`;

/** Mirrors `struct rds_message`. */
export interface LinuxMessage {
  readonly sport: number;
  readonly dport: number;
  readonly payload: Uint8Array;
  /** Undefined for pings and pongs of the kernel itself. */
  readonly sender?: { settled(message: LinuxMessage, fate: LinuxFate): void };
  readonly token?: unknown;
  sequence?: number;
  flags?: number;
  /** m_ack_seq: once TCP has acknowledged so many bytes of the connection, it is freed. */
  ackBytes?: number;
  /** RDS_MSG_FLUSH: sent to a generation that is gone, not to be sent again. */
  isFlushed?: boolean;
  /** Sent again behind a higher number, as after a restart: whoever gets it takes it for old. */
  isOvertaken?: boolean;
}

/** The kernel, as its connections see it. */
export interface LinuxConnectionOwner {
  readonly options: {
    generation: 6.1 | 2026;
    paths: number;
    pingEnable: boolean;
    hz: number;
    keepaliveMs: number;
  };
  readonly ip: IpAddress;
  readonly host: SimulatedHost;
  /** c_my_gen_num, of this boot. */
  readonly ownGeneration: number;
  /** c_lcong: our own map. */
  readonly congestion: Uint8Array;
  readonly stats: { recvDropOldSeq: number };
  /** Connections from there that neither side has closed and nobody has cut. */
  connectionsFrom(address: string): number;
  deliver(from: { address: string; port: number }, dport: number, data: Uint8Array): void;
  /** Its map or its number of paths came: blocked senders look again. */
  wakeSenders(): void;
  violation(remote: string, text: string): void;
}

/** What a probe says of its sender. */
export interface Handshake {
  npaths: number;
  generation: number;
  sportIndex: boolean;
}

/** The connection, as its paths see it. */
export interface LinuxPathOwner {
  readonly owner: LinuxConnectionOwner;
  readonly remote: string;
  readonly dials: boolean;
  readonly npaths: number;
  /** More connections live than there may. */
  readonly isDouble: boolean;
  readonly handshake: Extensions;
  mapQueued: boolean;
  isCongested(port: number): boolean;
  mapReceived(map: Uint8Array): void;
  mayTransmit(index: number): boolean;
  caughtUp(): void;
  pathUp(index: number): void;
  ping(): void;
  readExtensions(header: wire.Header): Handshake;
  introduced(handshake: Handshake): void;
}

export const PROBE_PORT = 1;
const EMPTY = new Uint8Array(0);
/** sk_sndbuf of the TCP socket: so much is unacknowledged before the rest waits, unflagged. */
const SEND_BUFFER_BYTES = 256 * 1024;
const RECONNECT_MAX_MS = 1000;
/** A SYN that is lost is sent again; the simulated one is not, so we dial again. */
const SYN_AGAIN_MS = 3000;

export class LinuxPath {
  readonly #connection: LinuxPathOwner;
  readonly #index: number;
  #state: 'down' | 'waiting' | 'connecting' | 'up' = 'down';
  #stream: SimulatedStream | undefined;
  #timer: Timer | undefined;
  #tick: Timer | undefined;
  #reconnectMs = 0;
  #nextTx = 1;
  #nextRx = 0;
  readonly #sendQueue = new Queue<LinuxMessage>();
  readonly #retrans = new Queue<LinuxMessage>();
  /** A pong of this life has arrived. */
  #hasAnswered = false;
  #writtenBytes = 0;
  #highestSent = 0;
  #ackedBytes = 0;
  readonly #critic = new LinuxCritic((text) => this.#violation(text));

  constructor(connection: LinuxPathOwner, index: number) {
    this.#connection = connection;
    this.#index = index;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  get remotePort(): number {
    return this.#stream?.remotePort ?? 0;
  }

  get nextTx(): number {
    return this.#nextTx;
  }

  /** True if all before this number is sent and acknowledged. */
  isPast(sequence: number): boolean {
    const first = this.#retrans.peek() ?? this.#sendQueue.peek();
    return first === undefined || (first.sequence ?? 0) >= sequence;
  }

  /** rds_send_queue_rm: it is numbered here, before there need be a connection. */
  queue(message: LinuxMessage): void {
    message.sequence = this.#nextTx++;
    this.#sendQueue.push(message);
  }

  /** rds_conn_path_connect_if_down: from the larger address that is a knock. */
  connectIfDown(): void {
    if (this.#state === 'down') this.#connect();
  }

  /** rds_send_drop_to, or all there is. What TCP has already is not held back. */
  drop(fate: LinuxFate, sender?: LinuxMessage['sender']): void {
    const matches = (each: LinuxMessage) => sender === undefined || each.sender === sender;
    for (const queue of [this.#retrans, this.#sendQueue]) {
      for (const message of queue.removeWhere(matches)) message.sender?.settled(message, fate);
    }
  }

  /** rds_tcp_accept_one. */
  accept(stream: SimulatedStream): void {
    const connection = this.#connection;
    if (connection.dials) {
      release(stream, () => this.#violation('sends bytes where it may only knock'));
      this.connectIfDown();
    } else if (this.#state === 'down') {
      this.#up(stream);
      if (connection.npaths === 0) connection.ping();
      this.xmit();
    } else {
      if (this.isUp && connection.isDouble) this.#violation('dials while its connection is up');
      release(stream);
    }
  }

  /** rds_conn_shutdown, rds_send_path_reset and rds_queue_reconnect. */
  shutdown(): void {
    if (this.#stream === undefined) return;
    this.#timer?.cancel();
    release(this.#stream);
    this.#stream = undefined;
    this.#state = 'down';
    const sent = this.#retrans.removeWhere(() => true);
    for (const message of sent) message.flags = wire.FLAG_RETRANSMITTED;
    const waiting = this.#sendQueue.removeWhere(() => true);
    for (const message of [...sent, ...waiting]) {
      if (!message.isFlushed) this.#sendQueue.push(message);
    }
    if (this.#connection.dials) this.#reconnect();
    for (const message of sent) {
      if (message.isFlushed) message.sender?.settled(message, 'dropped-by-generation');
    }
  }

  /** rds_send_xmit. */
  xmit(): void {
    const connection = this.#connection;
    if (!this.isUp || !connection.mayTransmit(this.#index)) return;
    const chunks: Uint8Array[] = [];
    while (this.#writtenBytes - this.#ackedBytes < SEND_BUFFER_BYTES) {
      if (connection.mapQueued) {
        connection.mapQueued = false;
        const payload = connection.owner.congestion.slice();
        this.#encode(chunks, { sport: 0, dport: 0, payload, flags: wire.FLAG_CONGESTION_MAP });
        continue;
      }
      const message = this.#sendQueue.shift();
      if (message === undefined) break;
      const { sequence = 0, flags = 0 } = message;
      message.isOvertaken = flags !== 0 && sequence < this.#highestSent;
      this.#highestSent = Math.max(this.#highestSent, sequence);
      this.#encode(chunks, message);
      message.ackBytes = this.#writtenBytes;
      this.#retrans.push(message);
    }
    if (chunks.length > 0) this.#stream?.write(chunks, () => {});
  }

  #encode(chunks: Uint8Array[], { sequence = 0, flags = 0, ...message }: LinuxMessage): void {
    const { sport, dport, payload } = message;
    // Each time a new one: the connection before may still be sending the old.
    const header = new Uint8Array(wire.HEADER_BYTES);
    const view = new DataView(header.buffer);
    wire.writeHeader(view, 0, sequence, 0, payload.length, sport, dport, flags);
    if (sport + dport === PROBE_PORT) {
      wire.writeExtensions(header, 0, encodeExtensions(this.#connection.handshake));
    }
    chunks.push(header, payload);
    this.#writtenBytes += header.length + payload.length;
  }

  /** rds_send_probe: a ping or a pong. It waits for the next tick, or for what leaves before. */
  sendProbe(sport: number, dport: number): void {
    const { host, options } = this.#connection.owner;
    this.connectIfDown();
    if (this.#connection.isCongested(dport)) return;
    this.queue({ sport, dport, payload: EMPTY });
    this.#tick ??= host.clock.setTimer((host.random() * 1000) / options.hz, () => {
      this.#tick = undefined;
      this.xmit();
    });
  }

  #acknowledged(bytes: number): void {
    this.#ackedBytes += bytes;
    for (let first = this.#retrans.peek(); first; first = this.#retrans.peek()) {
      if ((first.ackBytes as number) > this.#ackedBytes) break;
      this.#retrans.shift();
      this.#hasAnswered ||= first.sport === 0 && first.dport !== 0;
      first.sender?.settled(first, this.#fateOf(first));
    }
    this.xmit();
    if (this.#index === 0) this.#connection.caughtUp();
  }

  #fateOf({ isOvertaken, flags }: LinuxMessage): LinuxFate {
    if (isOvertaken) return 'dropped-by-generation';
    if (flags === wire.FLAG_RETRANSMITTED) return 'acknowledged-resent';
    return this.#hasAnswered ? 'acknowledged' : 'acknowledged-unanswered';
  }

  // Connecting

  #reconnect(): void {
    const { host, options } = this.#connection.owner;
    this.#state = 'waiting';
    this.#timer = host.clock.setTimer(host.random() * this.#reconnectMs, () => this.#connect());
    const nextMs = this.#reconnectMs === 0 ? 1000 / options.hz : this.#reconnectMs * 2;
    this.#reconnectMs = Math.min(nextMs, RECONNECT_MAX_MS);
  }

  #connect(): void {
    const { owner, dials, remote: address } = this.#connection;
    const { host, ip, options } = owner;
    const remote = { address, tcpPort: RDS_TCP_PORT };
    const lane = options.generation === 2026 ? this.#index : undefined;
    const stream = host.transport.connect({ address: ip.text, tcpPort: 0 }, remote, lane);
    this.#state = 'connecting';
    this.#stream = stream as SimulatedStream;
    this.#stream.keepaliveMs = options.keepaliveMs;
    this.#timer = host.clock.setTimer(SYN_AGAIN_MS, () => {
      stream.handler = { ...stream.handler, closed: () => {} };
      stream.destroy();
      this.#connect();
    });
    const opened = (): void => {
      if (dials) this.#up(stream as SimulatedStream);
      else this.shutdown();
      this.xmit();
    };
    const closed = (): void => this.shutdown();
    stream.handler = { opened, received: () => {}, ended: () => {}, closed };
  }

  /** rds_connect_path_complete. */
  #up(stream: SimulatedStream): void {
    this.#timer?.cancel();
    this.#state = 'up';
    this.#stream = stream;
    this.#reconnectMs = this.#writtenBytes = this.#ackedBytes = this.#highestSent = 0;
    this.#connection.pathUp(this.#index);
    this.#critic.connected(this.#index > 0);
    stream.keepaliveMs = this.#connection.owner.options.keepaliveMs;
    stream.onAcknowledged = (bytes) => this.#acknowledged(bytes);
    const decoder = new FrameDecoder(0xffff_ffff);
    const sink: FrameSink = {
      frame: (header, payload) => {
        if (this.#stream === stream) this.#frame(header, payload);
        return false;
      },
      nextFrame: () => {},
    };
    let isStuck = false;
    const received = (chunk: Uint8Array): void => {
      if (isStuck) return;
      isStuck = decoder.push(chunk, sink) !== null;
      if (isStuck) this.#violation('sends what is no frame');
    };
    const ended = (): void => this.shutdown();
    stream.handler = { opened: () => {}, received, ended, closed: ended };
  }

  // Receiving

  /** rds_tcp_data_recv and rds_recv_incoming. */
  #frame(header: wire.Header, payload: Uint8Array): void {
    const { sequence, sport, dport, flags } = header;
    const connection = this.#connection;
    const { options, stats } = connection.owner;
    const handshake = connection.readExtensions(header);
    this.#critic.check(header, handshake.generation);
    if (flags === wire.FLAG_CONGESTION_MAP) {
      connection.mapReceived(payload);
    } else if (sequence < this.#nextRx && (flags & wire.FLAG_RETRANSMITTED) !== 0) {
      stats.recvDropOldSeq++;
    } else {
      this.#nextRx = sequence + 1;
      if (options.pingEnable && dport === 0) {
        if (sport === 0) return;
        this.sendProbe(0, sport);
        if (sport === PROBE_PORT) connection.introduced(handshake);
      } else if (sport === 0 && dport === PROBE_PORT) connection.introduced(handshake);
      else connection.owner.deliver({ address: connection.remote, port: sport }, dport, payload);
    }
  }

  /** rds_conn_peer_gen_update: the peer has booted, and knows nothing of what it was sent. */
  peerRestarted(): void {
    this.#nextTx = 1;
    this.#nextRx = 0;
    for (const message of this.#retrans) message.isFlushed = true;
  }

  #violation(text: string): void {
    const { owner, remote } = this.#connection;
    owner.violation(remote, text);
  }
}

/**
 * shutdown and sock_release: what TCP has still goes out, then the end; on bytes that come a reset.
 */
function release(stream: SimulatedStream, onBytes = () => {}): void {
  stream.onAcknowledged = undefined;
  const received = (): void => {
    onBytes();
    stream.destroy();
  };
  stream.handler = { opened: () => {}, received, ended: () => {}, closed: () => {} };
  stream.end();
}
