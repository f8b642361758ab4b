/**
 * Runtime: everything the core needs of the world, and the only way it gets it.
 *
 * The core reads no clock, opens no socket and throws no dice. Give it a real runtime and it is a
 * node on a network; give it a simulated one and a year of faults passes in a second, the same
 * year each time. Mirrors the seam of `struct rds_transport` in net/rds/rds.h, widened to time.
 */

import type { EventWatcher } from './events.js';

/** What a node is run by; see `openNode`. */
export interface Runtime {
  readonly clock: Clock;
  readonly transport: Transport;
  /** A number in [0, 1). It decides backoff jitter and the generation number, nothing secret. */
  random(): number;
  /** Runs `task` once the current turn has ended: what was sent in one turn leaves as one write. */
  defer(task: () => void): void;
  /** Runs `task` after the input that is already waiting has been read: many chunks, one ack. */
  yield(task: () => void): void;
  /**
   * Where a new path's sequence numbers begin: wall-clock microseconds. A restarted process that
   * began at 1 would find its peers remembering higher numbers and dropping its resends as old.
   */
  initialSequence(): number;
  /**
   * Memory for a large message that comes in pieces or is likely to come next, with anything in it:
   * all of it is written before anybody sees it. Default: `new Uint8Array(bytes)`, which takes the
   * time to fill it with zeros.
   */
  allocate?(bytes: number): Uint8Array;
  /** Who wants to hear of the events of all nodes; nobody, if it is not there. */
  readonly watcher?: EventWatcher | undefined;
}

/** Time that never goes back, and timers. */
export interface Clock {
  /** Milliseconds from an arbitrary start, never going back. */
  now(): number;
  /** Calls back once, after `delayMs` or somewhat later, unless it is cancelled. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

/** A call that is to come. */
export interface Timer {
  /** Harmless after the timer has fired. */
  cancel(): void;
}

/** An IP address and the TCP port on it. */
export interface TcpAddress {
  readonly address: string;
  readonly tcpPort: number;
}

/**
 * Gives ordered byte streams. No method calls back before it has returned, or two handlers that
 * answer each other would overflow the stack.
 */
export interface Transport {
  /**
   * Accepts streams on `local`. Rejects with an error whose `code` is EADDRINUSE, EADDRNOTAVAIL or
   * another errno. `tcpPort` 0 asks for any free port.
   */
  listen(local: TcpAddress, onStream: (stream: Stream) => void): Promise<Listener>;
  /**
   * Dials `remote` from `local.address`: to a peer, the source address is the identity. With
   * `lane`, from a TCP port that is `lane` modulo 8, because that tells the peer which path it is.
   */
  connect(local: TcpAddress, remote: TcpAddress, lane?: number): Stream;
}

/** An address that is listened on. */
export interface Listener {
  /** Where it listens, also where any free port was asked for. */
  readonly tcpPort: number;
  /** Stops accepting. Streams already accepted live on. */
  close(): Promise<void>;
}

/** What a path needs of a TCP connection. */
export interface Stream {
  /** The address of the other end, known from the start on accepted streams. */
  readonly remoteAddress: string;
  /** The TCP port there, of an accepted stream. Needed for more than one path; see `lane`. */
  readonly remotePort?: number | undefined;
  /** Who hears of what happens. Set at once by whoever gets the stream, and may be replaced. */
  handler: StreamHandler;
  /**
   * Sends the chunks in order. They must not change until `done` is called, which is once: when
   * the bytes have left for the operating system, or never will. A write that fails takes nothing
   * from the reader: what had arrived is received before `closed`.
   */
  write(chunks: readonly Uint8Array[], done: () => void): void;
  /** Half-close: what was written still goes out, then the peer reads an end. */
  end(): void;
  /** Drops the stream and what it has not sent. `closed` follows. */
  destroy(): void;
  /** Stops reading, so that TCP itself holds the peer back. */
  pause(): void;
  resume(): void;
}

/** Hears of what happens to a stream. */
export interface StreamHandler {
  /** A dialled stream is connected. Accepted streams are from the start. */
  opened(): void;
  /** Bytes, in order. The chunk belongs to the handler; nobody will write to it again. */
  received(chunk: Uint8Array): void;
  /**
   * Memory for what comes next, if it is to go to a certain place; or null. A stream need not ask.
   * What it reads into that memory is the next that it gives to `received`, as a view of it; then
   * it asks anew.
   */
  room?(): Uint8Array | null;
  /** The peer has sent all it will; writing is still possible. */
  ended(): void;
  /** The last call. `error` is what broke the stream, if something did. */
  closed(error?: unknown): void;
}
