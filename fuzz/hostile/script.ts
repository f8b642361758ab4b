/** Script: plays an input: connects, sends frames as they stand there, and does what it is told. */

import type {
  SimulatedClock,
  SimulatedNetwork,
} from '../../packages/rds-core/src/testing/index.js';
import { HEADER_BYTES } from '../../packages/rds-core/src/wire/header.js';
import { type Item, itemsOf } from '../input.js';
import { OPERATIONS, type OperationName } from '../operations.js';
import { Conversation } from './conversation.js';
import { HONEST, type Honest } from './honest.js';
import { VICTIM, type Victim } from './victim.js';
import { introduction, map, message, pick, refusals } from './words.js';

const SMALLER = '10.0.0.1';
const LARGER = '10.0.0.9';
/** Who calls: mostly strangers, then the victim's own address, and those of honest nodes. */
const CALLERS = [SMALLER, LARGER, SMALLER, '10.0.0.3', VICTIM, ...HONEST];
const RDS_TCP_PORT = 16385;
const DELAYS_MS = [0, 1, 2, 5, 20, 100, 260, 600, 1100, 2500];
/** Acts from here on break a connection of an honest node; it loses nothing by that. */
const CUTS_FROM = 192;
const MAX_CONVERSATIONS = 8;
const MAX_ITEMS = 48;
/** Enough to fill every buffer there is. */
const MAX_SENT_BYTES = 512 * 1024;

export class Script {
  readonly #clock: SimulatedClock;
  readonly #network: SimulatedNetwork;
  readonly #host: ReturnType<SimulatedNetwork['runtime']>;
  readonly #victim: Victim;
  readonly #honest: Honest | null;
  readonly #conversations: Conversation[] = [];
  #current: Conversation | null = null;
  #isPaused = false;
  #sentBytes = 0;
  #sequence = 1;
  /** What the operations before it want of the next frame. */
  #ack: number | null = null;
  #number: number | null = null;
  #copies = 1;

  constructor(
    clock: SimulatedClock,
    network: SimulatedNetwork,
    victim: Victim,
    honest: Honest | null,
  ) {
    this.#clock = clock;
    this.#network = network;
    this.#host = network.runtime();
    this.#victim = victim;
    this.#honest = honest;
  }

  /** The victim may call, or knock, where a script can hear it. */
  async listen(): Promise<void> {
    for (const address of [SMALLER, LARGER]) {
      await this.#host.transport.listen({ address, tcpPort: RDS_TCP_PORT }, (stream) => {
        this.#adopt(new Conversation(address, stream));
      });
    }
  }

  async play(input: Uint8Array): Promise<void> {
    for (const item of itemsOf(input).slice(0, MAX_ITEMS)) {
      if (item.kind === 'operation') await this.#operate(item);
      else this.#send(item.bytes);
    }
  }

  destroy(): void {
    for (const conversation of this.#conversations) conversation.destroy();
  }

  async #operate({ bytes }: Item): Promise<void> {
    const [, code = 0, a = 0, b = 0] = bytes;
    const name = pick(OPERATIONS, code);
    if (name === 'wait') {
      this.#honest?.send();
      await this.#clock.advance(pick(DELAYS_MS, a));
      this.#victim.checkLimits();
    } else if (name === 'connect') {
      this.#connect(pick(CALLERS, a));
    } else if (name === 'send') {
      this.#victim.send(this.#current?.address ?? pick([SMALLER, LARGER], b), a, b);
    } else if (name === 'act' && a >= CUTS_FROM) {
      // In the middle of messages, or between those and what acknowledges them.
      this.#honest?.send();
      await this.#clock.advance((a % 32) / 10);
      this.#network.cut(VICTIM, pick(HONEST, a));
    } else if (name === 'act') {
      this.#victim.act(this.#current?.address ?? SMALLER, a);
    } else if (!this.#prepare(name, a)) {
      this.#say(name, a, b);
    }
  }

  /** What concerns the next frame, or the connection. */
  #prepare(name: OperationName, a: number): boolean {
    const current = this.#current;
    const signed = (a << 24) >> 24;
    if (name === 'acknowledge') this.#ack = signed;
    else if (name === 'number') this.#number = signed;
    else if (name === 'repeat') this.#copies = 1 << (a % 11);
    else if (name === 'select') this.#current = pick(this.#conversations, a) ?? null;
    else if (name === 'end') current?.end();
    else if (name === 'destroy') current?.destroy();
    else if (name === 'pause') {
      this.#isPaused = !this.#isPaused;
      current?.pause(this.#isPaused);
    } else return false;
    return true;
  }

  #say(name: OperationName, a: number, b: number): void {
    const { seen = 0, pinged = 0 } = this.#current ?? {};
    const sequence = this.#sequence;
    if (name === 'map') this.#send(map(a, b));
    if (name === 'introduce') this.#send(introduction(sequence, a, b));
    if (name === 'message') this.#send(message(sequence, a, b));
    if (name === 'refuse') this.#send(refusals(sequence, seen, a, b));
    if (name === 'pong') this.#send(pongTo(sequence, pinged));
  }

  #connect(address: string): void {
    if (this.#conversations.length >= MAX_CONVERSATIONS) return;
    this.#honest?.waive(address);
    const to = { address: VICTIM, tcpPort: RDS_TCP_PORT };
    const stream = this.#host.transport.connect({ address, tcpPort: 1 }, to);
    this.#adopt(new Conversation(address, stream));
  }

  #adopt(conversation: Conversation): void {
    this.#conversations.push(conversation);
    this.#current = conversation;
  }

  #send(bytes: Uint8Array): void {
    const current = this.#current;
    if (current === null) return;
    const frame = bytes.slice();
    if (frame.byteLength >= HEADER_BYTES) this.#patch(frame, current.seen);
    for (let copies = this.#copies; copies > 0; copies--) {
      if (this.#sentBytes > MAX_SENT_BYTES) break;
      this.#sentBytes += frame.byteLength;
      current.send(frame);
    }
    this.#copies = 1;
  }

  #patch(frame: Uint8Array, seen: number): void {
    const view = new DataView(frame.buffer);
    if (this.#number !== null) set(view, 0, this.#sequence + this.#number);
    if (this.#ack !== null) set(view, 8, seen + this.#ack);
    this.#number = null;
    this.#ack = null;
    const sequence = Number(view.getBigUint64(0));
    if (sequence > 0 && sequence < 2 ** 53) this.#sequence = sequence + 1;
  }
}

function pongTo(sequence: number, dport: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  set(view, 0, sequence);
  view.setUint16(22, dport);
  return bytes;
}

function set(view: DataView, at: number, value: number): void {
  view.setBigUint64(at, BigInt(Math.max(0, value)));
}
