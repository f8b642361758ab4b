/**
 * SimulatedStream: one end of a simulated TCP connection. It stands for two things: the socket of
 * the process, whose handler is called only as an event of its host, and the kernel beneath, which
 * goes on receiving and answering while the process is stalled, has paused, or is gone.
 *
 * As with real TCP, a reset destroys: it takes with it what its side had in flight.
 */

import { Queue } from '../queue.js';
import type { Stream, StreamHandler, TcpAddress } from '../runtime.js';
import type { SimulatedClock } from './clock.js';
import { type ErrnoError, errno } from './errno.js';
import type { SimulatedHost } from './host.js';
import type { SeededRandom } from './random.js';
import { type PieceOptions, SendBuffer } from './send-buffer.js';
import type { ConnectionEventKind } from './trace.js';
import type { Wire } from './wire.js';

export interface StreamOptions extends PieceOptions {
  /** What may be under way in one direction, sent and not read. Beyond it `done` has to wait. */
  readonly windowBytes: number;
}

/** What a stream needs of its surroundings. */
export interface StreamContext {
  readonly clock: SimulatedClock;
  readonly random: SeededRandom;
  readonly options: StreamOptions;
  readonly host: SimulatedHost;
  /** To the other end. */
  readonly wire: Wire;
  readonly onClosed: () => void;
  /** For the trace, if there is one. */
  readonly tell: ((kind: ConnectionEventKind, bytes?: Uint8Array) => void) | undefined;
}

/** What arrives: bytes, the end of them, or what broke the stream. */
type Input = Uint8Array | 'end' | ErrnoError;

/** With `poison`, how long at most a write is left untaken although there is room. */
const POISON_HOLD_MS = 5;

const UNATTENDED: StreamHandler = {
  opened: () => forgotten(),
  received: () => forgotten(),
  ended: () => forgotten(),
  // Whoever refuses a stream destroys it and need not listen.
  closed: () => {},
};

export class SimulatedStream implements Stream {
  readonly remoteAddress: string;
  readonly remotePort: number;
  handler: StreamHandler = UNATTENDED;
  /** For a model of a kernel: the other host's TCP has acknowledged so many more bytes. */
  onAcknowledged: ((bytes: number) => void) | undefined;
  /** When this end gives up a connection that was cut without its knowledge; never by default. */
  keepaliveMs = Infinity;
  readonly #context: StreamContext;
  readonly #sendBuffer: SendBuffer;
  readonly #input = new Queue<Input>();
  #peer: SimulatedStream | undefined;
  #state: 'connecting' | 'open' | 'closed' = 'connecting';
  #sending: 'open' | 'ending' | 'ended' | 'forged' | 'reset' = 'open';
  #receiving: 'open' | 'ended' = 'open';
  #isPaused = false;
  /** Each at most once on the queue of the clock, or of the host. */
  #isTakeScheduled = false;
  #isReadScheduled = false;
  /** Where the handler wants what comes next; asked, as by Node, before anything has come. */
  #room: Uint8Array | null = null;
  /** Sent, and not yet read at the other end. */
  #windowUsedBytes = 0;
  /** A reset that has arrived: writing fails at once, reading when all before it is read. */
  #reset: ErrnoError | undefined;

  constructor(remote: TcpAddress, context: StreamContext) {
    this.remoteAddress = remote.address;
    this.remotePort = remote.tcpPort;
    this.#context = context;
    this.#sendBuffer = new SendBuffer(context.random, context.options);
  }

  get state(): 'connecting' | 'open' | 'closed' {
    return this.#state;
  }

  write(chunks: readonly Uint8Array[], done: () => void): void {
    if (this.#state === 'closed') {
      this.#context.host.later(done);
      return;
    }
    if (this.#sending === 'ending' || this.#sending === 'ended') throw new Error('write after end');
    this.#sendBuffer.add(chunks, done);
    this.#scheduleTake();
  }

  end(): void {
    if (this.#sending !== 'open') return;
    this.#sending = 'ending';
    this.#scheduleTake();
  }

  destroy(): void {
    if (this.#state === 'open') {
      // Linux says reset, not end, when the process has left bytes unread: the peer shall know.
      if (this.#input.length > 0) this.#sendReset();
      else if (this.#sending === 'open' || this.#sending === 'ending') this.#send('end');
    }
    this.#close();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#scheduleRead();
  }

  /** For the connection: the handshake has come so far that the kernel at `peer` knows of us. */
  establish(peer: SimulatedStream, announce: () => void): void {
    this.#peer = peer;
    this.#state = 'open';
    this.#context.host.run(() => {
      if (this.#state === 'open') announce();
    });
    this.#scheduleTake();
  }

  /** For the connection: `error` has reached this end. What arrived before it can still be read. */
  fail(error: ErrnoError): void {
    if (this.#state === 'connecting') this.#close(error);
    else this.#arrive(error);
  }

  /** For the connection: nobody accepts this stream. */
  abort(): void {
    this.#sendReset();
    this.#close();
  }

  /** For the connection: somebody on the way says in our name that we have sent all. */
  forgeEnd(): void {
    if (this.#state !== 'open' || this.#sending !== 'open') return;
    this.#sending = 'forged';
    this.#send('end');
  }

  // Sending

  #scheduleTake(): void {
    if (this.#isTakeScheduled) return;
    this.#isTakeScheduled = true;
    const { clock, options, random } = this.#context;
    const delayMs = options.poison ? random.next() * POISON_HOLD_MS : 0;
    clock.setTimer(delayMs, () => {
      this.#isTakeScheduled = false;
      this.#take();
    });
  }

  /** Puts on the wire what the window allows. This is the kernel's work: no stall holds it up. */
  #take(): void {
    if (this.#state !== 'open' || this.#sending === 'forged') return;
    const finished: (() => void)[] = [];
    // A write that fails takes nothing from the reader: what had arrived is read, then the reset.
    if (this.#reset !== undefined) finished.push(...this.#sendBuffer.abandon());
    while (!this.#sendBuffer.isEmpty) {
      const roomBytes = this.#context.options.windowBytes - this.#windowUsedBytes;
      if (roomBytes <= 0) break;
      const piece = this.#sendBuffer.take(roomBytes, finished);
      this.#windowUsedBytes += piece.length;
      if (piece.length > 0) this.#send(piece);
    }
    if (this.#sending === 'ending' && this.#sendBuffer.isEmpty) {
      this.#sending = 'ended';
      this.#send('end');
      this.#closeIfBothEnded();
    }
    for (const done of finished) this.#context.host.run(done);
  }

  #send(input: Input): void {
    const peer = this.#peer as SimulatedStream;
    const { tell, wire } = this.#context;
    if (!(input instanceof Uint8Array)) {
      tell?.(input === 'end' ? 'end' : 'reset');
      wire.send(() => peer.#arrive(input));
      return;
    }
    tell?.('send', input);
    wire.send(() => {
      tell?.('arrive', input);
      if (peer.#state !== 'closed') peer.#acknowledge(input.length);
      peer.#arrive(input);
    }, input.length);
  }

  #acknowledge(bytes: number): void {
    const sender = this.#peer;
    if (sender?.onAcknowledged === undefined) return;
    this.#context.wire.send(() => sender.onAcknowledged?.(bytes));
  }

  #sendReset(): void {
    if (this.#sending === 'reset') return;
    this.#sending = 'reset';
    this.#context.wire.drop();
    this.#send(errno('ECONNRESET', `reset by the peer of ${this.remoteAddress}`));
  }

  // Receiving

  #arrive(input: Input): void {
    if (this.#state === 'closed') {
      // A kernel answers bytes for a socket that is gone, and forgives what only takes leave.
      if (input instanceof Uint8Array) this.#sendReset();
      return;
    }
    if (input instanceof Error) this.#reset = input;
    this.#input.push(input);
    if (this.#isPaused || this.#isReadScheduled) return;
    this.#isReadScheduled = true;
    // We are in an event of our own, so there is no need for another.
    this.#context.host.read(this.#read);
  }

  #scheduleRead(): void {
    const isIdle = this.#isPaused || this.#input.length === 0;
    if (this.#isReadScheduled || isIdle) return;
    this.#isReadScheduled = true;
    this.#context.host.readLater(this.#read);
  }

  /** One input per event, so that promises and deferred tasks have their turn between two. */
  readonly #read = (): void => {
    this.#isReadScheduled = false;
    if (this.#isPaused) return;
    const input = this.#input.shift();
    if (input === undefined) return;
    if (input instanceof Uint8Array) {
      const bytes = this.#context.host.isBehind ? this.#withMore(input) : input;
      this.#openWindow(bytes.length);
      this.handler.received(this.#inRoom(bytes));
      this.#room = this.handler.room?.() ?? null;
    } else if (input === 'end') {
      this.#receiving = 'ended';
      this.handler.ended();
      this.#closeIfBothEnded();
    } else {
      this.#close(input);
    }
    this.#scheduleRead();
  };

  /** Where they are to go, if they fit there: half of a read is nothing that we do. */
  #inRoom(bytes: Uint8Array): Uint8Array {
    const room = this.#room;
    if (room === null || bytes.length > room.length) return bytes;
    room.set(bytes);
    return room.subarray(0, bytes.length);
  }

  /** What has gathered during a stall is read at once, as much as fits. */
  #withMore(first: Uint8Array): Uint8Array {
    const { maxChunkBytes } = this.#context.options;
    const pieces = [first];
    let length = first.length;
    for (let next = this.#input.peek(); next instanceof Uint8Array; next = this.#input.peek()) {
      if (length + next.length > maxChunkBytes) break;
      length += next.length;
      pieces.push(next);
      this.#input.shift();
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /** The other end may send more. Only if it waits for that does it cost a parcel to say so. */
  #openWindow(bytes: number): void {
    const peer = this.#peer as SimulatedStream;
    peer.#windowUsedBytes -= bytes;
    if (!peer.#sendBuffer.isEmpty) this.#context.wire.send(() => peer.#take());
  }

  // Closing

  #closeIfBothEnded(): void {
    if (this.#sending === 'ended' && this.#receiving === 'ended') this.#close();
  }

  #close(error?: ErrnoError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#context.tell?.('close');
    this.#input.clear();
    this.#context.onClosed();
    const dones = this.#sendBuffer.abandon();
    this.#context.host.later(() => {
      for (const done of dones) done();
      this.handler.closed(error);
    });
  }
}

function forgotten(): never {
  throw new Error('a stream was left without a handler');
}
