/**
 * SendQueue: all that waits to go out on a path, and the one function that decides what is next.
 * Mirrors cp_send_queue and cp_retrans of `struct rds_conn_path`. Its messages are in trains, which
 * grow while they are fresh.
 *
 * `sent` holds what has a sequence number and no acknowledgement, in order. `#cursor` is how far
 * the present connection has sent it: at the end in quiet times, back at the start when a
 * connection broke, so that everything is sent again before anything new. Nothing with a fresh
 * number may overtake a resend: the peer would take the resend for an old duplicate.
 */

import type { Settlement } from './message.js';
import { Queue } from './queue.js';
import { type Carried, countOf, type Train } from './train.js';
import { FLAG_RETRANSMITTED } from './wire/header.js';

/** A ping or a pong. It takes a sequence number, but it is never kept for resending. */
export interface ControlFrame {
  readonly kind: 'control';
  readonly sport: number;
  readonly dport: number;
  /** Probes and their pongs say who we are. */
  readonly extended: boolean;
  /** Told the number it went out with. */
  readonly sent?: (sequence: number) => void;
}

/** The congestion map, which takes no sequence number and is read when it is sent. */
export interface MapFrame {
  readonly kind: 'map';
}

/**
 * Pings of a peer that does not read our pongs would pile up. A Linux peer has at most a few
 * under way; a thousand is someone flooding.
 */
const MAX_CONTROL = 1024;

const MAP: MapFrame = { kind: 'map' };

export class SendQueue {
  readonly #sent = new Queue<Train>();
  readonly #fresh = new Queue<Train>();
  readonly #control = new Queue<ControlFrame>();
  /** Refusals: reliable like messages, but never behind them, nor behind their window. */
  readonly #notes = new Queue<Train>();
  #cursor = 0;
  #inFlightBytes = 0;
  /** True when the map has changed since it was last sent. */
  mapDue = false;
  /** How many reasons there are why nothing fresh may leave. */
  #holds = 0;
  /** Told of acknowledgements, while somebody waits for them. */
  onAcknowledged: (() => void) | null = null;

  /** Charged bytes of what is sent and not acknowledged. */
  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** Messages transmitted and not acknowledged. */
  get sentCount(): number {
    return countOf(this.#sent);
  }

  /** Messages accepted and not transmitted. */
  get freshCount(): number {
    return countOf(this.#fresh);
  }

  /** The same, one by one and in order. */
  *messages(which: 'sent' | 'fresh'): IterableIterator<Carried> {
    for (const train of which === 'sent' ? this.#sent : this.#fresh) yield* train.messages();
  }

  get hasSent(): boolean {
    return this.#sent.length > 0;
  }

  get hasFresh(): boolean {
    return this.#fresh.length > 0;
  }

  /** There are resends that the present connection has not yet sent. */
  get hasResends(): boolean {
    return this.#cursor < this.#sent.length;
  }

  get isEmpty(): boolean {
    return this.#sent.length + this.#notes.length + this.#fresh.length === 0;
  }

  push(train: Train): void {
    this.#fresh.push(train);
  }

  /**
   * A note for the peer. It goes before fresh messages: while both sides wait for each other's
   * acknowledgements, which wait for the notes, these must not wait for anything.
   */
  pushNote(note: Train): void {
    this.#notes.push(note);
  }

  /** Nothing fresh leaves until it is released: something else has to arrive before. */
  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds--;
  }

  /** False if there is no room. */
  pushControl(frame: ControlFrame): boolean {
    if (this.#control.length >= MAX_CONTROL) return false;
    this.#control.push(frame);
    return true;
  }

  /**
   * What goes on the wire next; what is sent for the first time is numbered from `nextSequence` on.
   * Fresh messages only if `windowOpen`.
   */
  next(windowOpen: boolean, nextSequence: number): Train | ControlFrame | MapFrame | null {
    if (this.mapDue) {
      this.mapDue = false;
      return MAP;
    }
    const resend = this.#sent.at(this.#cursor);
    if (resend !== undefined) {
      this.#cursor++;
      resend.flags |= FLAG_RETRANSMITTED;
      return resend;
    }
    const control = this.#control.shift();
    if (control !== undefined) return control;
    const fresh =
      this.#notes.shift() ?? (windowOpen && this.#holds === 0 ? this.#fresh.shift() : undefined);
    if (fresh === undefined) return null;
    fresh.seal();
    fresh.sequence = nextSequence;
    this.#sent.push(fresh);
    this.#cursor++;
    this.#inFlightBytes += fresh.chargedBytes;
    return fresh;
  }

  /** The peer has processed everything up to `sequence`. Returns how many messages that were. */
  acknowledge(sequence: number): number {
    let count = 0;
    for (let first = this.#sent.peek(); first !== undefined; first = this.#sent.peek()) {
      if (first.sequence > sequence) break;
      const isWhole = first.lastSequence <= sequence;
      const train = isWhole ? this.#dropFirst() : first.split(sequence - first.sequence + 1);
      this.#inFlightBytes -= train.chargedBytes;
      if (train.sport !== 0) count += train.count;
      train.settle(train.verdict);
    }
    this.onAcknowledged?.();
    return count;
  }

  /**
   * Notes what the peer said of the messages `first` to `last`; it counts once they are
   * acknowledged. Only who wants a receipt has asked, so nothing is said of others. Returns how
   * many there were.
   */
  judge(first: number, last: number, verdict: Settlement): number {
    let count = 0;
    for (let index = this.#firstFrom(first); index < this.#sent.length; index++) {
      const train = this.#sent.at(index) as Train;
      if (train.sequence > last) break;
      if (train.receipt === null) continue;
      train.verdict = verdict;
      count++;
    }
    return count;
  }

  /**
   * The connection broke: all that is unacknowledged is to be sent again on the next one. Returns
   * how many pings and pongs it took with it.
   */
  rewind(): number {
    const lost = this.#control.length;
    this.#cursor = 0;
    this.#control.clear();
    return lost;
  }

  /** Takes out all that was sent, in order: it will not be acknowledged any more. */
  takeSent(): Train[] {
    const trains = [...this.#sent];
    this.#sent.clear();
    this.#cursor = 0;
    this.#inFlightBytes = 0;
    return trains;
  }

  /** Takes out what was never sent, in order. */
  takeFresh(): Train[] {
    const trains = [...this.#fresh];
    this.#fresh.clear();
    for (const train of trains) train.seal();
    return trains;
  }

  /** Takes out what matches, sent or not. What is sent already may arrive all the same. */
  takeWhere(matches: (train: Train) => boolean): Train[] {
    const resend = this.#sent.at(this.#cursor);
    const sent = this.#sent.removeWhere(matches);
    for (const train of sent) this.#inFlightBytes -= train.chargedBytes;
    // The cursor stays before the first message that it stood before and that is still there.
    this.#cursor = resend === undefined ? this.#sent.length : this.#firstFrom(resend.sequence);
    const unsent = [...this.#notes.removeWhere(matches), ...this.#fresh.removeWhere(matches)];
    for (const train of unsent) train.seal();
    return [...sent, ...unsent];
  }

  #dropFirst(): Train {
    if (this.#cursor > 0) this.#cursor--;
    return this.#sent.shift() as Train;
  }

  /** The index of the first sent train that does not begin below `sequence`. */
  #firstFrom(sequence: number): number {
    let low = 0;
    let high = this.#sent.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sent.at(middle) as Train).sequence < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
