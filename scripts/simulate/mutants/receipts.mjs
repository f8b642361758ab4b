// Mutants of what a program is told of its messages: receipts, refusals, what nobody knows.

/** @type {import('../mutant-list.mjs').Mutant[]} */
export const receiptMutants = [
  {
    name: 'receipt-at-transmission',
    mistake: 'A receipt is given when the message leaves.',
    patches: [
      {
        file: 'outbound.ts',
        find: 'if (train.sport !== 0) return;',
        replace: `train.receipt?.('delivered', null);
          train.receipt = null;
          if (train.sport !== 0) return;`,
      },
    ],
  },
  {
    name: 'refusal-taken-for-delivery',
    mistake: 'A message that found no socket is reported as delivered.',
    patches: [
      {
        file: 'exchange.ts',
        find: "const verdict = exact ? 'refused' : 'unconfirmed';",
        replace: "const verdict = exact ? 'delivered' : 'unconfirmed';",
      },
    ],
  },
  {
    name: 'refusal-behind-ack',
    mistake: 'A refused message is acknowledged before its sender is told of the refusal.',
    patches: [
      {
        file: 'inbound.ts',
        find: 'Math.min(this.#nextSequence, this.refusals.ackLimit)',
        replace: 'this.#nextSequence',
      },
    ],
  },
  {
    name: 'refusal-lost-with-connection',
    mistake: 'A note about refusals counts as told though the connection that had it broke.',
    patches: [
      {
        file: 'exchange.ts',
        find: 'this.#inbound.refusals.disconnected();',
        replace: '',
      },
    ],
  },
  {
    name: 'last-refusal-forgotten',
    mistake: 'The last message of a refused range is taken for delivered.',
    patches: [
      {
        file: 'send-queue.ts',
        find: 'if (train.sequence > last) break;',
        replace: 'if (train.sequence >= last) break;',
      },
    ],
  },
  {
    name: 'refusal-swallows-neighbour',
    mistake: 'A range of refusals grows over a message between them that was delivered.',
    patches: [
      {
        file: 'refusals.ts',
        find: 'last.last + 1 === sequence;',
        replace: 'last.last + 2 >= sequence;',
      },
    ],
  },
  {
    name: 'unknown-claimed-undelivered',
    mistake: 'What was transmitted to a process that died is said never to have arrived.',
    patches: [
      {
        file: 'message.ts',
        find: "settlement === 'refused' || !wereSent",
        replace: "settlement !== 'unconfirmed' || !wereSent",
      },
    ],
  },
  {
    name: 'timeout-claimed-undelivered',
    mistake: 'A send that had to wait, left, and then timed out is said not to have arrived.',
    patches: [{ file: 'flow.ts', find: "else pending.outcome = 'unknown';", replace: '' }],
  },
  {
    name: 'uncertain-not-told',
    mistake: 'Nobody hears of the messages whose fate is unknown after a restart.',
    patches: [
      {
        file: 'connection.ts',
        find: 'if (unknown.length > 0) this.#owner.herald.connectionUncertain(this, unknown);',
        replace: '',
      },
    ],
  },
  {
    name: 'pooled-train-keeps-verdict',
    mistake: 'A train that is used again still has the verdict of the last one.',
    patches: [{ file: 'train.ts', find: "train.verdict = 'delivered';", replace: '' }],
  },
];
