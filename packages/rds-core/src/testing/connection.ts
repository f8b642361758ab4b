/**
 * SimulatedConnection: a simulated TCP connection from the dial on: the two ends, the two wires
 * between them, the handshake, and the ways in which a connection breaks.
 *
 * The handshake is the real one. The dialler is connected after one round trip, the listener hears
 * of it half a round trip later, together with the first bytes at the earliest: what goes wrong in
 * between leaves a dialler that believes in a connection which nobody ever accepted.
 */

import type { TcpAddress } from '../runtime.js';
import type { SimulatedClock } from './clock.js';
import { errno } from './errno.js';
import type { SimulatedHost } from './host.js';
import type { Link } from './link.js';
import type { Range, SeededRandom } from './random.js';
import { SimulatedStream, type StreamOptions } from './stream.js';
import type { ConnectionEventKind, TraceEvent } from './trace.js';
import { Wire } from './wire.js';

/** Who accepts on an address and port. */
export interface Acceptor {
  readonly host: SimulatedHost;
  /** False once it is closed: what had not been accepted by then is reset. */
  isListening: boolean;
  readonly onStream: (stream: SimulatedStream) => void;
}

/** What a connection needs of the network. */
export interface ConnectionContext {
  /** Dials are counted. */
  readonly number: number;
  readonly clock: SimulatedClock;
  readonly random: SeededRandom;
  readonly options: StreamOptions & {
    readonly cutNoticeMs: Range;
    readonly onEvent?: ((event: TraceEvent) => void) | undefined;
  };
  /** Both ways. */
  readonly links: { readonly to: Link; readonly back: Link };
  acceptorAt(address: TcpAddress): Acceptor | undefined;
  onOpened(connection: SimulatedConnection): void;
  onClosed(connection: SimulatedConnection): void;
}

/** How a connection is cut; by default each end learns of it after `cutNoticeMs`. */
export interface CutFault {
  /** When each end learns of it, drawn for each on its own. */
  readonly noticeMs?: Range;
  /** The addresses that never learn: half-open connections. */
  readonly unaware?: readonly string[];
}

/** A TCP connection in the simulation, and the ways in which it breaks. */
export class SimulatedConnection {
  /** The dialler's address. */
  readonly from: string;
  readonly fromPort: number;
  /** The listener's address and port. */
  readonly to: string;
  readonly toPort: number;
  readonly dialled: SimulatedStream;
  #accepted: SimulatedStream | undefined;
  readonly #context: ConnectionContext;
  readonly #wires: { readonly to: Wire; readonly back: Wire };
  /** The dialler's, then the listener's once it has answered. */
  readonly #hosts: SimulatedHost[];

  constructor(context: ConnectionContext, host: SimulatedHost, from: TcpAddress, to: TcpAddress) {
    const { clock, links } = context;
    this.from = from.address;
    this.fromPort = from.tcpPort;
    this.to = to.address;
    this.toPort = to.tcpPort;
    this.#context = context;
    this.#hosts = [host];
    this.#wires = { to: new Wire(clock, links.to), back: new Wire(clock, links.back) };
    this.dialled = this.#stream(host, this.from, to, this.#wires.to);
    this.#tell('dial', this.from, this.to);
    if (links.to.dialRule === 'exhausted') {
      host.later(() => this.dialled.fail(errno('EMFILE', `connect ${this.to}:${this.toPort}`)));
    } else {
      this.#wires.to.send(() => this.#knock());
    }
  }

  /**
   * Fault: the connection is gone. What either side has in flight is lost, and what it sends until
   * it learns of the cut. It learns as from a reset, after it has read what had arrived before.
   */
  cut(fault: CutFault = {}): void {
    const { clock, onClosed, options, random } = this.#context;
    this.#wires.to.sever();
    this.#wires.back.sever();
    onClosed(this);
    this.#tell('cut', this.from, this.to);
    const ends = [
      { address: this.from, stream: this.dialled },
      { address: this.to, stream: this.#accepted },
    ];
    for (const { address, stream } of ends) {
      const delayMs = random.within(fault.noticeMs ?? options.cutNoticeMs);
      const isUnaware = fault.unaware?.includes(address) ?? false;
      if (!isUnaware) {
        clock.setTimer(delayMs, () => stream?.fail(errno('ECONNRESET', 'connection cut')));
      } else if (stream !== undefined && stream.keepaliveMs < Infinity) {
        clock.setTimer(stream.keepaliveMs, () =>
          stream.fail(errno('ETIMEDOUT', 'no sign of life')),
        );
      }
    }
  }

  /**
   * Fault: somebody on the way says in the name of the end at `address` that it has sent all. That
   * end does not know; what it writes from now on goes nowhere.
   */
  forgeEnd(address: string): void {
    const stream = address === this.from ? this.dialled : this.#accepted;
    stream?.forgeEnd();
  }

  /** For the network: one of the two processes has died, and its system closes what it had open. */
  abandonedBy(host: SimulatedHost): void {
    if (host === this.#hosts[0]) this.dialled.destroy();
    if (host === this.#hosts[1]) this.#accepted?.destroy();
  }

  isOf(host: SimulatedHost): boolean {
    return this.#hosts.includes(host);
  }

  /** The dial arrives at the other side's kernel. */
  #knock(): void {
    const { acceptorAt, links } = this.#context;
    const rule = links.to.dialRule;
    if (rule === 'hang' || this.#hosts[0]?.isOnline === false) return;
    const acceptor =
      rule === 'refuse' ? undefined : acceptorAt({ address: this.to, tcpPort: this.toPort });
    if (acceptor !== undefined) {
      this.#wires.back.send(() => this.#open(acceptor));
      return;
    }
    this.#tell('refuse', this.to, this.from);
    const refusal = errno('ECONNREFUSED', `connect ${this.to}:${this.toPort}`);
    this.#wires.back.send(() => this.dialled.fail(refusal));
  }

  /** The answer arrives at the dialler. */
  #open(acceptor: Acceptor): void {
    const { dialled } = this;
    if (dialled.state !== 'connecting' || this.#hosts[0]?.isOnline === false) return;
    this.#hosts.push(acceptor.host);
    this.#tell('open', this.from, this.to);
    const caller = { address: this.from, tcpPort: this.fromPort };
    const accepted = this.#stream(acceptor.host, this.to, caller, this.#wires.back);
    this.#wires.to.send(() => this.#accept(acceptor, accepted));
    this.#context.onOpened(this);
    dialled.establish(accepted, () => dialled.handler.opened());
  }

  /** The answer to the answer arrives at the listener. */
  #accept(acceptor: Acceptor, accepted: SimulatedStream): void {
    this.#accepted = accepted;
    accepted.establish(this.dialled, () => {
      if (acceptor.isListening) acceptor.onStream(accepted);
      else accepted.abort();
    });
    // The process died between the answer and this: its system answers for it.
    if (!acceptor.host.isOnline) accepted.abort();
  }

  #stream(host: SimulatedHost, from: string, to: TcpAddress, wire: Wire): SimulatedStream {
    const { clock, random, options, onClosed } = this.#context;
    const close = (): void => onClosed(this);
    const tell =
      options.onEvent &&
      ((kind: ConnectionEventKind, bytes?: Uint8Array) => {
        this.#tell(kind, from, to.address, bytes);
      });
    return new SimulatedStream(to, { clock, random, options, host, wire, onClosed: close, tell });
  }

  #tell(kind: ConnectionEventKind, from: string, to: string, bytes?: Uint8Array): void {
    const { clock, number: connection, options } = this.#context;
    options.onEvent?.({ kind, atMs: clock.now(), connection, from, to, bytes });
  }
}
