/**
 * Control: the TCP connection over which the two sides of a run agree. It carries the options
 * block, one byte to go, one byte in reply; and when the active side ends it, the run is over.
 */

import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { formatHostAndPort } from '../arguments.js';
import { CommandError, codeOf } from '../exit.js';
import { canonicalAddress } from '../ip-bytes.js';

/** Between two tries to connect, as in the tool. */
const RETRY_MS = 1000;
/** A host that vanishes must be noticed also by a run without end. */
const KEEPALIVE_MS = 5000;
/** Errors after which it is worth to try again: the other side is not there yet. */
const MAY_COME = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);

interface Reader {
  readonly bytes: number;
  resolve(bytes: Uint8Array): void;
  reject(error: Error): void;
}

export class Control {
  readonly localAddress: string;
  readonly remoteAddress: string;
  /** Resolves when the peer ends the connection, or says what nobody asked for once it runs. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  #over: () => void = () => {};
  #reader: Reader | null = null;
  #isRunning = false;
  #error: Error | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.localAddress = canonicalAddress(socket.localAddress ?? '');
    this.remoteAddress = canonicalAddress(socket.remoteAddress ?? '');
    this.ended = new Promise((resolve) => {
      this.#over = resolve;
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEPALIVE_MS);
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('readable', () => this.#readable());
    socket.on('end', () => this.#leave());
    socket.on('close', () => this.#leave());
  }

  /** Exactly so many bytes; rejects if the peer leaves before, takes longer, or `signal` aborts. */
  async read(bytes: number, timeoutMs: number, signal: AbortSignal): Promise<Uint8Array> {
    const seconds = timeoutMs / 1000;
    const late = () =>
      this.#giveUp(new CommandError(`the peer said nothing for ${seconds} seconds`));
    const timeout = setTimeout(late, timeoutMs);
    const abort = () => this.#giveUp(interrupted());
    signal.addEventListener('abort', abort);
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        this.#reader = { bytes, resolve, reject };
        if (signal.aborted) abort();
        else if (this.#socket.readableEnded || this.#socket.destroyed) this.#leave();
        else this.#readable();
      });
    } finally {
      clearTimeout(timeout);
      signal.removeEventListener('abort', abort);
    }
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** From now on nothing is expected but the end. */
  run(): void {
    this.#isRunning = true;
    this.#readable();
  }

  /** Tells the peer that it is over; what it still has to say is heard. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #readable(): void {
    // A word is as good as the end, and the end is only told to who has read all before it.
    if (this.#isRunning && this.#socket.read() !== null) this.#over();
    const reader = this.#reader;
    if (reader === null) return;
    const chunk = this.#socket.read(reader.bytes) as Buffer | null;
    if (chunk === null) return;
    if (chunk.length === reader.bytes) {
      this.#reader = null;
      reader.resolve(chunk);
    } else {
      // At the end, Node gives what there is.
      this.#leave();
    }
  }

  #leave(): void {
    const reason = this.#error === null ? '' : ` (${codeOf(this.#error)})`;
    this.#giveUp(new CommandError(`the peer closed the control connection too early${reason}`));
    this.#over();
  }

  #giveUp(error: Error): void {
    this.#reader?.reject(error);
    this.#reader = null;
  }
}

/** Connects from `local`, trying again so many times while nobody listens there. */
export async function connectControl(
  local: string,
  peer: string,
  port: number,
  retries: number,
  signal: AbortSignal,
): Promise<Control> {
  for (let tries = 0; ; tries++) {
    try {
      return await connectOnce(local, peer, port, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const code = codeOf(error) ?? '';
      if (tries >= retries || !MAY_COME.has(code)) {
        const where = formatHostAndPort(peer, port);
        throw new CommandError(`nobody takes the control connection at ${where} (${code})`);
      }
      await delay(RETRY_MS, undefined, { signal });
    }
  }
}

function connectOnce(
  localAddress: string,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Control> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, localAddress, allowHalfOpen: true });
    const abort = () => socket.destroy(interrupted());
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      signal.removeEventListener('abort', abort);
      resolve(new Control(socket));
    });
  });
}

/** What happens while a passive side waits. */
export interface Reception<Greeting> {
  /** From now on one can call. */
  listening(): void;
  /** Reads the options of a run; rejects if they are none that can be run. */
  greet(control: Control): Promise<Greeting>;
  refused(control: Control, error: unknown): void;
}

/** Waits for who can be greeted, and refuses all others. Then nobody listens any more. */
export async function acceptControl<Greeting>(
  host: string,
  port: number,
  reception: Reception<Greeting>,
  signal: AbortSignal,
): Promise<{ control: Control; greeting: Greeting }> {
  return new Promise((resolve, reject) => {
    let current: Control | null = null;
    const server = createServer({ allowHalfOpen: true }, async (socket) => {
      // One at a time: who comes meanwhile may come again.
      if (current !== null) {
        socket.destroy();
        return;
      }
      current = new Control(socket);
      try {
        const greeting = await reception.greet(current);
        signal.removeEventListener('abort', abort);
        server.close();
        resolve({ control: current, greeting });
      } catch (error) {
        current.destroy();
        reception.refused(current, error);
        current = null;
      }
    });
    const abort = () => {
      server.close();
      current?.destroy();
      reject(interrupted());
    };
    server.on('error', (error) => reject(listenError(error, host, port)));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    else server.listen({ host, port }, () => reception.listening());
  });
}

/** What a command that is interrupted ends with. */
function interrupted(): Error {
  return new DOMException('interrupted', 'AbortError');
}

function listenError(error: Error, host: string, port: number): CommandError {
  const where = formatHostAndPort(host, port);
  const code = codeOf(error);
  if (code === 'EADDRINUSE')
    return new CommandError(`another program listens on TCP port ${where}`);
  if (code === 'EADDRNOTAVAIL') return new CommandError(`${host} is no address of this machine`);
  return new CommandError(`cannot listen on TCP port ${where} (${code})`);
}
