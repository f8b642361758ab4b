// The ledger: what was sent, what arrived where, and what senders were told, each from the log of
// the process that knows it. What arrives is judged at once: it must have been sent, be unaltered,
// and come once and in order. What does not arrive is judged at the end, in verdict.mjs.
//
// Messages about which all is known are forgotten, so a long run needs no more memory than a short.

import { Lives } from './lives.mjs';
import { parseFlow } from './network-plan.mjs';
import { verdictOf } from './verdict.mjs';

/**
 * @typedef {import('./worker-log.mjs').Settled} Settled
 * @typedef {'lost' | 'duplicated' | 'reordered' | 'altered' | 'falseReceipts' | 'unsettled'} Fault
 * @typedef {{ fault: Fault, flow: string, sender: number, number: number, atMs: number,
 *   why: string }} Failure
 *
 * @typedef {{ length: number, digest: string, atMs: number }} Sent
 *
 * @typedef {object} Entry a message about which not everything is known yet
 * @property {number} number
 * @property {Sent | null} sent
 * @property {{ length: number, digest: string, receiver: number } | null} arrival
 * @property {Settled | null} outcome
 * @property {string} code
 * @property {boolean} uncertain
 *
 * @typedef {object} Flow the messages of one incarnation on one socket pair
 * @property {string} name
 * @property {number} sender
 * @property {number} to
 * @property {number} dport
 * @property {Map<number, Entry>} entries
 * @property {number} highestSent
 * @property {Map<number, { first: number, last: number }>} arrived by incarnation of the receiver
 */

export class Ledger {
  lives = new Lives();
  /** @type {Failure[]} */
  failures = [];
  counts = {
    ...{ messages: 0, bytes: 0, delivered: 0, notDelivered: 0, unknown: 0 },
    ...{ lost: 0, duplicated: 0, reordered: 0, altered: 0, falseReceipts: 0, unsettled: 0 },
    // Not there, and rightly so; see verdict.mjs.
    ...{ diedUnread: 0, diedWithSender: 0, uncertain: 0, unnamed: 0 },
  };
  /** @type {Map<string, Flow>} */
  #flows = new Map();

  /**
   * To be called before anything of it can arrive: a sender logs, and then sends. The two logs may
   * come in the other order all the same.
   *
   * @param {number} sender
   * @param {string} flowName
   * @param {number} number one more than the last
   * @param {Sent} sent
   */
  sent(sender, flowName, number, sent) {
    const flow = this.#flow(sender, flowName);
    flow.highestSent = number;
    const entry = entryOf(flow, number);
    entry.sent = sent;
    this.#compare(flow, entry);
  }

  /**
   * @param {number} sender
   * @param {string} flowName
   * @param {number} number
   * @param {Settled} outcome
   * @param {string} code
   */
  settled(sender, flowName, number, outcome, code) {
    if (outcome === 'delivered') this.counts.delivered++;
    else if (outcome === 'not-delivered') this.counts.notDelivered++;
    else if (outcome === 'unknown') this.counts.unknown++;
    const flow = this.#flow(sender, flowName);
    const entry = entryOf(flow, number);
    entry.outcome = outcome;
    entry.code = code;
    this.#forgetIfDone(flow, entry);
  }

  /**
   * @param {number} sender
   * @param {string} flowName
   * @param {number} number
   */
  uncertain(sender, flowName, number) {
    const entry = this.#flow(sender, flowName).entries.get(number);
    // If all is known of it already, it has arrived: "not known" was no lie.
    if (entry !== undefined) entry.uncertain = true;
  }

  /**
   * @param {number} receiver
   * @param {string} flowName
   * @param {number} sender
   * @param {number} number
   * @param {{ length: number, digest: string, atMs: number }} arrival
   */
  received(receiver, flowName, sender, number, { length, digest, atMs }) {
    this.counts.messages++;
    this.counts.bytes += length;
    const flow = this.#flow(sender, flowName);
    const known = flow.entries.get(number);
    if (known === undefined ? number <= flow.highestSent : known.arrival !== null) {
      const where = known?.arrival ? `at incarnation ${known.arrival.receiver}` : 'earlier';
      const why = `at incarnation ${receiver}, had arrived ${where}`;
      this.#fail('duplicated', flow, number, atMs, why);
      return;
    }
    const arrived = flow.arrived.get(receiver) ?? { first: number, last: number };
    flow.arrived.set(receiver, arrived);
    if (number < arrived.last) {
      this.#fail('reordered', flow, number, atMs, `after number ${arrived.last}`);
    }
    arrived.first = Math.min(arrived.first, number);
    arrived.last = Math.max(arrived.last, number);
    const entry = entryOf(flow, number);
    entry.arrival = { length, digest, receiver };
    this.#compare(flow, entry);
  }

  /** A message too short for a name was the first that a process received of its flow. */
  receivedUnnamed() {
    this.counts.messages++;
  }

  /** All logs have been read to their end: judges what did not arrive. */
  finish() {
    for (const flow of this.#flows.values()) {
      for (const entry of flow.entries.values()) {
        const verdict = verdictOf(flow, entry, this.lives);
        if (verdict === null) continue;
        if ('fault' in verdict) {
          this.#fail(verdict.fault, flow, entry.number, entry.sent?.atMs ?? 0, verdict.why);
        } else this.counts[verdict.excuse]++;
      }
    }
    this.#flows.clear();
  }

  /**
   * @param {number} sender
   * @param {string} name
   */
  #flow(sender, name) {
    const key = `${sender} ${name}`;
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      const { to, dport } = parseFlow(name);
      flow = { name, sender, to, dport, entries: new Map(), highestSent: -1, arrived: new Map() };
      this.#flows.set(key, flow);
    }
    return flow;
  }

  /**
   * @param {Flow} flow
   * @param {Entry} entry
   */
  #compare(flow, entry) {
    const { number, sent, arrival } = entry;
    if (sent === null || arrival === null) return;
    if (sent.length !== arrival.length || sent.digest !== arrival.digest) {
      const why = `${sent.length} bytes were sent; what arrived has ${arrival.length}, or others`;
      this.#fail('altered', flow, number, sent.atMs, why);
    }
    this.#forgetIfDone(flow, entry);
  }

  /**
   * @param {Flow} flow
   * @param {Entry} entry
   */
  #forgetIfDone(flow, { number, sent, arrival, outcome, code }) {
    if (sent === null || arrival === null || outcome === null) return;
    flow.entries.delete(number);
    if (outcome === 'not-delivered') {
      const why = `not delivered (${code}), and it has arrived`;
      this.#fail('falseReceipts', flow, number, sent.atMs, why);
    } else if (code === 'ECONNRESET' && !this.lives.restartedAround(flow.to, sent.atMs)) {
      const why = 'the receiver is said to have restarted, and has not';
      this.#fail('falseReceipts', flow, number, sent.atMs, why);
    }
  }

  /**
   * @param {Fault} fault
   * @param {Flow} flow
   * @param {number} number
   * @param {number} atMs
   * @param {string} why
   */
  #fail(fault, { name, sender }, number, atMs, why) {
    this.counts[fault]++;
    this.failures.push({ fault, flow: name, sender, number, atMs, why });
  }
}

/**
 * @param {Flow} flow
 * @param {number} number
 */
function entryOf({ entries }, number) {
  let entry = entries.get(number);
  if (entry === undefined) {
    entry = { number, sent: null, arrival: null, outcome: null, code: '', uncertain: false };
    entries.set(number, entry);
  }
  return entry;
}
