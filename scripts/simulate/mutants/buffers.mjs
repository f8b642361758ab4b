// Mutants of budgets and of who waits for them: send and receive buffers, congestion, closing.

/** @type {import('../mutant-list.mjs').Mutant[]} */
export const bufferMutants = [
  {
    name: 'cancel-leaks-budget',
    mistake: 'A canceled message keeps its place in the send buffer.',
    patches: [
      {
        file: 'flow.ts',
        find: 'if (this.flow.quota.release(chargedBytes)) this.flow.owner.emptied();',
        replace: `if (settlement !== 'canceled' && this.flow.quota.release(chargedBytes))
      this.flow.owner.emptied();`,
      },
    ],
  },
  {
    name: 'cancel-hits-other-sockets',
    mistake: 'A cancel takes the messages of other sockets too.',
    patches: [
      {
        file: 'flow-table.ts',
        find: ' || owner.flow.owner !== this.#owner',
        replace: '',
      },
    ],
  },
  {
    name: 'room-wakes-nobody',
    mistake: 'Sends that wait for room are not told when there is some.',
    patches: [
      {
        file: 'send-quota.ts',
        find: 'this.hasRoom(this.#firstNeeds)) this.#wake();\n    return',
        replace: 'false) this.#wake();\n    return',
      },
    ],
  },
  {
    name: 'place-in-line-lost',
    mistake: 'A destination that had room once and needs more is not told again.',
    patches: [
      {
        file: 'send-quota.ts',
        find: 'if (waits) this.#waiters.push(first);',
        replace: '',
      },
    ],
  },
  {
    name: 'quota-of-all-peers',
    mistake:
      'One send buffer serves all peers, so that a dead one stops the traffic to the others.',
    patches: [
      {
        file: 'flow-table.ts',
        find: 'const quota = new SendQuota(this.#sendBufferBytes, route.outstanding);',
        replace: `const [other] = this.#destinations.values();
      const quota = other?.quota ?? new SendQuota(this.#sendBufferBytes, route.outstanding);`,
      },
    ],
  },
  {
    name: 'share-not-returned',
    mistake: 'What a socket has had of what all may have to a peer stays taken.',
    patches: [
      {
        file: 'send-quota.ts',
        find: 'this.#ofAll.bytes -= chargedBytes;',
        replace: '',
      },
    ],
  },
  {
    name: 'quota-of-another-peer',
    mistake: 'What a message had of the send buffer is given back to the last destination.',
    patches: [
      {
        file: 'flow.ts',
        find: 'this.flow.quota.release(chargedBytes)',
        replace: '(this.flow.owner as any).last.quota.release(chargedBytes)',
      },
      {
        file: 'flow.ts',
        find: 'const { group } = this;\n    group.unsettled++;',
        replace:
          '(this.owner as any).last = this;\n    const { group } = this;\n    group.unsettled++;',
      },
    ],
  },
  {
    name: 'given-up-send-leaves',
    mistake: 'A send that timed out or was aborted while it waited is sent all the same.',
    patches: [
      {
        file: 'flow.ts',
        find: 'while (this.#waiters.peek()?.pending.isSettled) this.#waiters.shift()?.group.end(1);',
        replace: '',
      },
    ],
  },
  {
    name: 'new-send-overtakes-waiting',
    mistake: 'A send goes at once though others of its flow still wait.',
    patches: [
      {
        file: 'flow.ts',
        find: 'if (this.#obstacle !== null) return this.#obstacle;',
        replace: '',
      },
      {
        file: 'send-quota.ts',
        find: 'return this.#firstNeeds === NOBODY_WAITS && this.hasRoom(bytes);',
        replace: 'return this.hasRoom(bytes);',
      },
    ],
  },
  {
    name: 'congestion-never-ends',
    mistake: 'A port that was congested stays so after its queue was read.',
    patches: [
      {
        file: 'receive-queue.ts',
        find: 'if (this.#congested && this.#bytes < this.#limitBytes / 2) this.#mark(false);',
        replace: '',
      },
    ],
  },
  {
    name: 'map-not-sent-to-first-peer',
    mistake: 'One of the peers is not told that the map has changed.',
    patches: [
      {
        file: 'node-core.ts',
        find: 'for (const { path } of this.peers) path.exchange.mapChanged();',
        replace: 'for (const { path } of [...this.peers].slice(1)) path.exchange.mapChanged();',
      },
    ],
  },
  {
    name: 'map-not-sent-on-reconnect',
    mistake: 'A new connection does not begin with the map, which may have been lost with the old.',
    patches: [
      {
        file: 'exchange.ts',
        find: 'this.queue.mapDue = !mapSent || this.#peer.isAssumed;',
        replace: 'this.queue.mapDue ||= !mapSent && this.#inbound.nextSequence === 0;',
      },
    ],
  },
  {
    name: 'congestion-ignored',
    mistake: 'What a peer says of its congested ports holds nobody back.',
    patches: [
      {
        file: 'connection.ts',
        find: 'if (!this.#congestion.isCongested(port)) return false;',
        replace: 'if (port >= 0) return false;',
      },
    ],
  },
  {
    name: 'congested-not-woken',
    mistake: 'Sends to a congested port are not told when it no longer is.',
    patches: [
      { file: 'blocked-flows.ts', find: 'for (const flow of flows) flow.advance();', replace: '' },
    ],
  },
  {
    name: 'crowd-never-leaves',
    mistake: 'All ports stay congested once the node was near its hard limit.',
    patches: [
      {
        file: 'hard-limit.ts',
        find: 'if (isCrowded !== (before !== OPEN)) this',
        replace: 'if (isCrowded && before === OPEN) this',
      },
    ],
  },
  {
    name: 'paused-peer-not-resumed',
    mistake: 'A peer that was not read at the hard limit is never read again.',
    patches: [
      {
        file: 'path.ts',
        find: 'else this.#setup.runtime.yield(() => this.#readOn(state.link));',
        replace: '',
      },
    ],
  },
  {
    name: 'receive-budget-not-charged',
    mistake: 'What is queued on a socket does not count, so nobody is told to wait.',
    patches: [
      {
        file: 'receive-queue.ts',
        find: 'this.#changed(chargeBytes(message.data.length), 1);',
        replace: 'this.#changed(0, 1);',
      },
    ],
  },
  {
    name: 'receive-budget-not-freed',
    mistake: 'What was read still counts as queued.',
    patches: [
      {
        file: 'receive-queue.ts',
        find: 'this.#changed(this.length === 0 ? -this.#bytes : -chargedBytes, -count);',
        replace: 'this.#changed(0, -count);',
      },
    ],
  },
  {
    name: 'closed-socket-keeps-budget',
    mistake: 'What nobody had read when a socket closed counts as queued for ever.',
    patches: [
      { file: 'receive-queue.ts', find: 'this.#changed(-this.#bytes, -unread);', replace: '' },
    ],
  },
  {
    name: 'closed-socket-keeps-port',
    mistake: 'The port of a closed socket is not free.',
    patches: [{ file: 'socket-table.ts', find: 'this.ports.remove(socket);', replace: '' }],
  },
  {
    name: 'close-does-not-wait',
    mistake: 'A socket closes without waiting for acknowledgements.',
    patches: [
      {
        file: 'socket.ts',
        find: 'await Promise.allSettled(this.#sender.flush(undefined, { timeoutMs: deadlineMs }));',
        replace: '',
      },
    ],
  },
];
