// Mutants that only matter towards Linux kernels, which acknowledge by TCP alone, and to which all
// that is ours must look like what they know.

/** @type {import('../mutant-list.mjs').Mutant[]} */
export const kernelMutants = [
  {
    name: 'probe-before-resends',
    mistake: 'A kernel gets a fresh number before the resends, and drops them as old.',
    patches: [
      {
        file: 'exchange.ts',
        find: "linux: 'none' } as const",
        replace: "linux: 'probe' } as const",
      },
    ],
  },
  {
    name: 'kernel-gets-ack-frames',
    mistake: 'A kernel gets acknowledgements of ours, whose number 0 it takes at its word.',
    patches: [
      {
        file: 'acknowledger.ts',
        find: 'if (link === null || !acksInBand || !this.#outbound.hasRoom(link)) return;',
        replace: 'if (link === null || !this.#outbound.hasRoom(link)) return;',
      },
    ],
  },
  {
    name: 'kernel-gets-ack-fields',
    mistake: 'Headers to a kernel have an ack field, which tells them from those of a kernel.',
    patches: [{ file: 'exchange.ts', find: 'if (!this.acksInBand) return 0;', replace: '' }],
  },
  {
    name: 'any-pong-will-do',
    mistake: 'The late pong of an older barrier confirms what came after it.',
    patches: [{ file: 'ack-barrier.ts', find: ' || waiting.tag !== tag', replace: '' }],
  },
  {
    name: 'pong-confirms-all',
    mistake: 'A pong confirms what was sent behind its ping too.',
    patches: [
      {
        file: 'kernel-talk.ts',
        find: 'this.#owner.acknowledgedUpTo(sequence);',
        replace: 'this.#owner.acknowledgedUpTo(Number.MAX_SAFE_INTEGER);',
      },
    ],
  },
  {
    name: 'barrier-never-asked',
    mistake: 'A kernel is not asked what it has processed.',
    patches: [
      {
        file: 'exchange.ts',
        find: 'return this.#kernelTalk.ask();',
        replace: 'return false;',
      },
    ],
  },
  {
    name: 'barrier-kept-over-reconnect',
    mistake: 'A barrier whose ping was lost with its connection is still waited for.',
    patches: [
      {
        file: 'exchange.ts',
        find: 'this.#kernelTalk.cancel();\n    this.#inbound.refusals.disconnected();',
        replace: 'this.#inbound.refusals.disconnected();',
      },
    ],
  },
  {
    name: 'silent-kernel-waited-for',
    mistake: 'Messages to a kernel that answers no pings are kept for ever.',
    patches: [
      {
        file: 'kernel-talk.ts',
        find: "this.#peer.giveUp(this.#owner.queue.takeWhere(old), 'unconfirmed');",
        replace: '',
      },
    ],
  },
  {
    name: 'kernel-given-up-early',
    mistake: 'One missing pong is enough to take a kernel for one that answers none.',
    patches: [
      {
        file: 'ack-barrier.ts',
        find: "if (this.#answers === 'yes' || sequence === 0) return 'again';",
        replace: '',
      },
      {
        file: 'ack-barrier.ts',
        find: "if (this.#answers === 'not known' && ++this.#unanswered < connections) {",
        replace: 'if (sequence + connections < 0) {',
      },
    ],
  },
  {
    name: 'unread-bytes-lost',
    mistake: 'What a kernel had sent on the connection that it replaces is not read any more.',
    patches: [
      {
        file: 'path.ts',
        find: "if (this.#owner.kind !== 'rds-tcp') {",
        replace: "if (this.#owner.kind === 'unknown') {",
      },
    ],
  },
  {
    name: 'drain-skipped',
    mistake: 'A connection is dropped without reading what a kernel counts as delivered.',
    patches: [
      {
        file: 'path.ts',
        find: "if (kind === 'up' || mayBeKernel) this.#drain(reason);",
        replace: "if (mayBeKernel && reason === 'closed') this.#drain(reason);",
      },
    ],
  },
  {
    name: 'probe-answer-lost',
    mistake: 'A kernel whose probe was answered on a broken connection is not told again.',
    patches: [
      {
        file: 'kernel-talk.ts',
        find: 'this.#owner.queue.pushControl(PROBE_PONG);',
        replace: '',
      },
    ],
  },
  {
    name: 'first-answer-awaited-for-ever',
    mistake: 'A kernel that answers no pings is never sent messages.',
    patches: [
      {
        file: 'kernel-talk.ts',
        find: 'FIRST_ANSWER_MS, () => this.#release());',
        replace: 'FIRST_ANSWER_MS, () => {});',
      },
    ],
  },
];
