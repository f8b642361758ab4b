/**
 * Inbound: the receiving half of a path: which frames count, and what each one means. Mirrors
 * rds_recv_incoming in net/rds/recv.c.
 */

import { Beginning } from './beginning.js';
import { Fingerprints } from './fingerprints.js';
import { FormerLife } from './former-life.js';
import { FormerNumbers } from './former-numbers.js';
import { PROBE_PORT } from './outbound.js';
import { Refusals, readRefusals } from './refusals.js';
import type { Stats } from './stats.js';
import { decodeExtensions, type Extensions } from './wire/extension.js';
import { FLAG_ACK_REQUIRED, FLAG_GOODBYE, FLAG_RETRANSMITTED, type Header } from './wire/header.js';

/** What the receiving half tells its path. */
export interface InboundOwner {
  /** True while the peer is one of our own nodes, which put acknowledgements into headers. */
  readonly acksInBand: boolean;
  /** A probe, its pong or a hello said who the peer is. */
  introduced(extensions: Extensions): void;
  /** The peer has processed everything up to `sequence`. False if that can not be. */
  acknowledged(sequence: number): boolean;
  /** Of the messages `first` to `last` the peer found no socket, or does not know (inexact). */
  refused(first: number, last: number, exact: boolean): void;
  pinged(sport: number): void;
  /** Whether an unflagged pong to this port was said on the present connection, and to us. */
  isAnswer(dport: number): boolean;
  ponged(dport: number): void;
  /** Its numbers begin at 1 again, and it is no resend: a kernel has booted. */
  startedOver(): void;
  /** This incarnation of the peer has closed. */
  departed(): void;
  /** False if no socket is bound to `dport`. */
  deliver(sport: number, dport: number, payload: Uint8Array): boolean;
}

/** When what comes on a connection was said, compared with what came on others. */
export type Lateness =
  | 'not-late'
  /** The peer made it before another one that was heard first. */
  | 'overtaken'
  /** It stood beside another one that the peer then ended: it may be the older of the two. */
  | 'perhaps-overtaken'
  /** The same, but that one broke: who has booted begins with 1, or names a new generation. */
  | 'overtaken-or-booted';

/** How a connection came about. */
export interface Call {
  readonly lateness: Lateness;
  /** Those that the peer made are counted as they are accepted; 0 if we made it. */
  readonly order: number;
}

/** What most frames say of their sender. */
const NONE: Extensions = {};

export const OUR_CALL: Call = { lateness: 'not-late', order: 0 };

export class Inbound {
  readonly #owner: InboundOwner;
  readonly #stats: Stats;
  readonly refusals = new Refusals();
  /** cp_next_rx_seq. It outlives connections; only a restart of the peer resets it. */
  #nextSequence = 0;
  /** The first number that was heard, or the lowest since. */
  #firstSequence = 0;
  #highestAck = 0;
  /** The peer has shown that it knows this incarnation of ours. */
  #isKnown = false;
  /**
   * We have seen it begin to count. A kernel that counts on from what it said to our predecessor
   * begins anew once, because it hears who we are.
   */
  #hasBegun = false;
  /** Of what comes on the present connection. */
  #lateness: Lateness = 'not-late';
  /** Which connection that is. */
  #order = 0;
  readonly #formerLife = new FormerLife();
  readonly #formerNumbers = new FormerNumbers();
  /** What was expected when the present connection began. */
  #nextAtBegin = 0;
  /** Where the numbers that came on it last began to rise. */
  #runStart = Infinity;
  readonly #beginning = new Beginning();
  readonly #prints = new Fingerprints();
  /** True if something came that the peer has not been told of. */
  ackDue = false;

  constructor(owner: InboundOwner, stats: Stats) {
    this.#owner = owner;
    this.#stats = stats;
  }

  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** The highest sequence of which we may say that all up to it is processed; 0 for none. */
  get ack(): number {
    return Math.max(0, Math.min(this.#nextSequence, this.refusals.ackLimit) - 1);
  }

  frame(header: Header, payload: Uint8Array): boolean {
    const owner = this.#owner;
    const { sequence, sport, dport } = header;
    if (!owner.acksInBand && this.#formerLife.made(this.#order)) {
      this.#late(header, payload);
      return false;
    }
    const control = sport === 0 || dport === 0;
    // Before the sequence: a restart that it tells of makes the old numbers meaningless.
    const isHello = header.extended && introduces(header);
    const extensions = isHello ? decodeExtensions(header.extensions) : NONE;
    if (isHello) owner.introduced(extensions);
    if (owner.acksInBand) {
      // A hello leaves before ours is heard: what it acknowledges may have been sent by the process
      // that was here before us. All else is said to us.
      if (!isHello) this.#isKnown = true;
      if (this.#isKnown && header.ack > this.#highestAck) {
        if (!owner.acknowledged(header.ack)) return false;
        this.#highestAck = header.ack;
      }
      if (sequence === 0 && sport === 0 && dport === 0) {
        if ((header.flags & FLAG_ACK_REQUIRED) !== 0) this.#heartbeat();
        if ((header.flags & FLAG_GOODBYE) !== 0) owner.departed();
        return false;
      }
    }
    // The kernel's rule to the letter: an unflagged lower number is accepted, and lowers ours. Not
    // from one of our own, which never lowers its numbers without a new generation, but may have
    // made a connection before another one that is heard first. And not from a kernel on a
    // connection that is late, where it may have been overtaken by its own repetition. Who answers
    // us there lives, and may count from anew because it has just heard who we are.
    const isResent = (header.flags & FLAG_RETRANSMITTED) !== 0;
    if (sport === 0 && !isResent && owner.isAnswer(dport)) this.#lateness = 'not-late';
    if (this.#lateness === 'overtaken-or-booted') {
      const isBoot = sequence === 1 && extensions.generation === undefined;
      this.#lateness = isBoot ? 'not-late' : 'perhaps-overtaken';
    }
    if (!owner.acksInBand) this.#watchBeginning(sequence, isResent);
    const isOld = isResent || owner.acksInBand || this.#lateness !== 'not-late';
    const isFormer = this.#takeFormer(header, payload);
    const isRepetition = isOld && this.#isRepetition(sequence);
    if (isFormer || (isRepetition && !this.#isRenumbered(header, payload))) {
      if (isResent && !owner.acksInBand) this.#wentDown(sequence);
      this.ackDue = true;
      this.#stats.recv_drop_old_seq++;
      return false;
    }
    const isFirst = sequence === 1 && !isResent;
    const isAnew = isFirst && this.#hasBegun && this.#nextSequence > 2;
    if (isAnew && !owner.acksInBand) {
      this.#formerLife.ends(this.#order, this.#nextSequence);
      owner.startedOver();
    }
    // Once it has begun in our time, only a boot makes it begin again, and leaves nothing behind.
    if (sequence < this.#nextSequence && !this.#hasBegun) {
      this.#formerNumbers.were(this.#firstSequence, this.#nextSequence);
    }
    this.#hasBegun ||= isFirst;
    if (this.#nextSequence === 0 || sequence < this.#firstSequence) this.#firstSequence = sequence;
    if (this.#runStart === Infinity || sequence < this.#nextSequence) this.#runStart = sequence;
    this.#nextSequence = sequence + 1;
    if (!owner.acksInBand) this.#prints.heard(header, payload, !this.#hasBegun);
    if (control) {
      this.#control(header, payload);
      return false;
    }
    this.ackDue = true;
    const found = owner.deliver(sport, dport, payload);
    if (!owner.acksInBand) return false;
    if (!found && (header.flags & FLAG_ACK_REQUIRED) !== 0) this.refusals.add(sequence);
    return true;
  }

  /** A message behind one of the same flow: all that was asked of that holds for this one, too. */
  nextFrame({ sequence, sport, dport }: Header, payload: Uint8Array): void {
    this.#nextSequence = sequence + 1;
    this.ackDue = true;
    this.#owner.deliver(sport, dport, payload);
  }

  /** A connection begins. */
  begin({ lateness, order }: Call): void {
    this.#lateness = lateness;
    this.#order = order;
    this.#nextAtBegin = this.#nextSequence;
    this.#runStart = Infinity;
    this.#formerNumbers.begin();
  }

  /** The peer counts from anew, and has on this connection before it said so. */
  peerRestarted(): void {
    this.#lateness = 'not-late';
    const hasBegun = this.#runStart !== Infinity;
    this.#formerLife.ends(this.#order, hasBegun ? this.#nextAtBegin : this.#nextSequence);
    this.#firstSequence = this.#runStart;
    if (!hasBegun) {
      this.#nextSequence = 0;
      this.#beginning.clear();
      this.#prints.clear();
    }
    this.#formerNumbers.clear();
    this.#nextAtBegin = 0;
    this.#highestAck = 0;
    this.refusals.clear();
  }

  /** The life that says it is over: nobody waits for an answer. */
  #late({ sequence, sport, dport }: Header, payload: Uint8Array): void {
    if (!this.#formerLife.isNew(sequence)) this.#stats.recv_drop_old_seq++;
    else if (sport === 0 || dport === 0) this.#ignored();
    else this.#owner.deliver(sport, dport, payload);
  }

  /**
   * A kernel sends each message once on a connection, but numbers what it has to send again in two
   * ways, if it heard of our restart in between: then a lower number can be new. Old is what was
   * heard before the connection, or came on it, in the run of numbers that goes on.
   */
  #isRepetition(sequence: number): boolean {
    const next = this.#nextSequence;
    if (sequence >= next || this.#owner.acksInBand) return sequence < next;
    return sequence >= this.#runStart || sequence < this.#nextAtBegin;
  }

  /** Whether it is a repetition of the time before the kernel counted from anew, above the next. */
  #takeFormer(header: Header, payload: Uint8Array): boolean {
    if (this.#owner.acksInBand || this.#lateness !== 'not-late') return false;
    const isResent = (header.flags & FLAG_RETRANSMITTED) !== 0;
    const mayBe = this.#formerNumbers.take(header.sequence, isResent, this.#nextSequence);
    return mayBe && this.#prints.knows(header, payload);
  }

  /**
   * Repetitions whose numbers go down: what came here before them was heard late, and had numbers
   * of the time before. These come first, so the present ones are where the connection found them.
   */
  #wentDown(sequence: number): void {
    if (this.#runStart === Infinity || sequence >= this.#runStart) return;
    this.#formerNumbers.were(this.#runStart, this.#nextSequence);
    this.#nextSequence = this.#nextAtBegin;
    this.#runStart = Infinity;
  }

  /** Another life's first word was overtaken by nothing that we have heard. */
  #watchBeginning(sequence: number, isResent: boolean): void {
    const isNextLife = !isResent && this.#beginning.has(sequence);
    if (isNextLife && this.#lateness === 'perhaps-overtaken') this.#lateness = 'not-late';
    // What is dropped as late tells nothing of the present life.
    if (isResent || this.#lateness === 'not-late') this.#beginning.heard(sequence, isResent);
  }

  /**
   * A kernel that hears of our restart counts from 1, and may have to resend the first of its new
   * numbers. Below what was heard first nothing old can come: it had been acknowledged by then. Or
   * forgotten with its socket, and then a late connection may still bring it, for the first time.
   * And what a number stood for on an earlier connection it still stands for.
   */
  #isRenumbered(header: Header, payload: Uint8Array): boolean {
    if (this.#lateness === 'overtaken' || this.#owner.acksInBand) return false;
    const { sequence, sport, dport, flags } = header;
    const isFirstTime = (flags & FLAG_RETRANSMITTED) === 0;
    const isAnswer = sport === 0 && dport !== 0;
    const mayBeLate = this.#lateness !== 'not-late' && isFirstTime && !isAnswer;
    if (sequence < this.#firstSequence && !mayBeLate) return true;
    return sequence < this.#runStart && this.#prints.differs(header, payload);
  }

  /** One of our own nodes wants to hear that we live. */
  #heartbeat(): void {
    this.#stats.recv_hb_ping++;
    // Answered at the end of the chunk: one answer for any number of questions.
    this.ackDue = true;
  }

  /** A ping, pong or note that means nothing here. */
  #ignored(): void {
    this.#stats.recv_drop_control++;
  }

  #control(header: Header, payload: Uint8Array): void {
    const { sport, dport } = header;
    if (dport === 0 && sport !== 0) this.#owner.pinged(sport);
    else if (sport === 0 && dport !== 0) this.#ponged(header);
    else if (this.#owner.acksInBand) this.#refusals(payload);
    else this.#ignored();
  }

  /** A sequenced 0 → 0 of our own: the peer found no socket for some messages. */
  #refusals(payload: Uint8Array): void {
    this.ackDue = true;
    const refusals = readRefusals(payload);
    if (refusals.length === 0) this.#ignored();
    let told = 0;
    for (const { first, last, exact } of refusals) {
      // They are in order. One that goes back is a lie, made to keep us busy.
      if (first <= told) {
        this.#ignored();
        return;
      }
      told = last;
      this.#owner.refused(first, last, exact);
    }
  }

  /**
   * A kernel resends its pongs like any message, even to a process that asked nothing yet: one
   * that was asked on an earlier connection answers nothing. A probe's says who the peer is.
   */
  #ponged({ dport, flags }: Header): void {
    const isResent = (flags & FLAG_RETRANSMITTED) !== 0;
    if (isResent && dport !== PROBE_PORT) this.#ignored();
    else this.#owner.ponged(dport);
  }
}

/** Probes, their pongs and hellos say who sends them. */
export function introduces({ extended, sport, dport }: Header): boolean {
  return extended && sport <= PROBE_PORT && dport <= PROBE_PORT && sport * dport === 0;
}
