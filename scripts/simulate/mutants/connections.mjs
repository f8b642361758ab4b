// Mutants of the life of connections: who dials, when again, who notices that one is dead, and
// what becomes of it.

/** @type {import('../mutant-list.mjs').Mutant[]} */
export const connectionMutants = [
  {
    name: 'both-sides-dial',
    mistake: 'The larger address dials too, and each connection replaces the one before.',
    patches: [
      {
        file: 'peer-table.ts',
        find: 'dials: this.#isLarger(ip, tcpPort),',
        replace: 'dials: true,',
      },
    ],
  },
  {
    name: 'knock-never-sent',
    mistake: 'The larger address waits to be called by a peer that does not know of it.',
    patches: [{ file: 'path.ts', find: 'else this.#knock();', replace: '' }],
  },
  {
    name: 'knock-only-once',
    mistake: 'A knock that nobody answered is not repeated.',
    patches: [{ file: 'path.ts', find: 'else if (this.#isNeeded) this.#knock();', replace: '' }],
  },
  {
    name: 'knock-without-card',
    mistake: 'A knock does not say on which port the caller listens.',
    patches: [
      {
        file: 'knock.ts',
        find: 'if (this.#card !== null) this.#stream.write([this.#card], () => {});',
        replace: '',
      },
    ],
  },
  {
    name: 'no-retry',
    mistake: 'After a broken connection the next one waits for the next send.',
    patches: [
      {
        file: 'path.ts',
        find: 'timer: this.#timer(delayMs, () => this.#call()) });',
        replace: 'timer: null });',
      },
    ],
  },
  {
    name: 'backoff-without-end',
    mistake: 'The time between two tries grows past its bound.',
    patches: [
      {
        file: 'backoff.ts',
        find: 'Math.min(this.#boundMs * 2, this.#maxDelayMs)',
        replace: 'Math.max(this.#boundMs * 2, this.#maxDelayMs)',
      },
    ],
  },
  {
    name: 'connect-never-times-out',
    mistake: 'A dial that is not answered is waited for without end.',
    patches: [
      {
        file: 'path.ts',
        find: "() => this.#drop('connect-timeout')",
        replace: '() => {}',
      },
    ],
  },
  {
    name: 'greeting-never-times-out',
    mistake: 'A peer that does not say its first word is waited for without end.',
    patches: [{ file: 'path.ts', find: "this.#leave('handshake-timeout');", replace: '' }],
  },
  {
    name: 'silence-unnoticed',
    mistake: 'A peer that vanished without a word is believed for ever.',
    patches: [
      {
        file: 'liveness.ts',
        find: '} else if (!late && ++this.#silentTicks >= SILENT_TICKS) {',
        replace: '} else if (!late && ++this.#silentTicks < 0) {',
      },
    ],
  },
  {
    name: 'liveness-outlives-connection',
    mistake: 'Who watches a connection goes on when it has ended, and ends the next one.',
    patches: [
      {
        file: 'liveness.ts',
        find: 'cancel(): void {\n    this.#timer.cancel();',
        replace: 'cancel(): void {',
      },
    ],
  },
  {
    name: 'newest-call-refused',
    mistake: 'A peer that calls again is turned away as long as its old connection seems up.',
    patches: [
      {
        file: 'path.ts',
        find: 'this.#replace(stranger);',
        replace: 'stranger.stream.destroy();',
      },
    ],
  },
  {
    name: 'old-connection-still-heard',
    mistake: 'A connection that was given up still brings messages and its end.',
    patches: [
      {
        file: 'link.ts',
        find: 'this.#owner = null;',
        replace: '',
      },
    ],
  },
  {
    name: 'successor-dropped',
    mistake: 'The connection that waits to take over is forgotten when its turn comes.',
    patches: [
      {
        file: 'path.ts',
        find: 'for (const successor of successors) this.accept(successor);',
        replace: '',
      },
    ],
  },
  {
    name: 'first-bytes-lost',
    mistake: 'What was read to find out who calls is not handed on.',
    patches: [{ file: 'path.ts', find: 'link.received(stranger.bytes);', replace: '' }],
  },
  {
    name: 'caller-port-ignored',
    mistake: 'A caller that listens on another port is taken for the node on the usual one.',
    patches: [
      { file: 'stranger.ts', find: 'own?.tcpPort ?? RDS_TCP_PORT', replace: 'RDS_TCP_PORT' },
    ],
  },
  {
    name: 'goodbye-forgets-waiting',
    mistake: 'A peer that has closed is forgotten with the messages that wait for its return.',
    patches: [
      {
        file: 'path.ts',
        find: 'if (!this.#isNeeded && (this.exchange.hasDeparted || this.#redial.isHopeless())) {',
        replace:
          'if (this.exchange.hasDeparted || (!this.#isNeeded && this.#redial.isHopeless())) {',
      },
    ],
  },
  {
    name: 'forgotten-peer-still-used',
    mistake: 'Sockets go on sending to a peer that was forgotten, and that nobody calls.',
    patches: [{ file: 'peer-table.ts', find: 'this.epoch++;', replace: '' }],
  },
];
