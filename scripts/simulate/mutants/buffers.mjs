// Mutants of budgets and of who waits for them: send and receive buffers, congestion, the windows
// of a connection, memory that is used again, and the loopback.

/** @type {import('../mutant-list.mjs').Mutant[]} */
export const bufferMutants = [
  {
    name: 'cancel-leaks-budget',
    mistake: 'A canceled message keeps its place in the send buffer.',
    patches: [
      {
        file: 'flow.ts',
        find: 'this.flow.quota.release(message.length);',
        replace: "if (settlement !== 'canceled') this.flow.quota.release(message.length);",
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
        find: 'if (this.#waiters.length > 0 && this.hasRoom(this.#firstNeeds)) this.#wake();',
        replace: '',
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
        find: 'destination = { quota: new SendQuota(this.#sendBufferBytes), flows: new Map() };',
        replace: `const [other] = this.#destinations.values();
      const quota = other?.quota ?? new SendQuota(this.#sendBufferBytes);
      destination = { quota, flows: new Map() };`,
      },
    ],
  },
  {
    name: 'quota-of-another-peer',
    mistake: 'What a message had of the send buffer is given back to the last destination.',
    patches: [
      {
        file: 'flow.ts',
        find: 'this.flow.quota.release(message.length);',
        replace: '(this.flow.owner as any).last.quota.release(message.length);',
      },
      {
        file: 'flow.ts',
        find: 'this.refusedBytes = obstacle',
        replace: '(this.owner as any).last = this;\n    this.refusedBytes = obstacle',
      },
    ],
  },
  {
    name: 'given-up-send-leaves',
    mistake: 'A send that timed out or was aborted while it waited is sent all the same.',
    patches: [
      {
        file: 'flow.ts',
        find: 'while (this.#waiters.peek()?.pending.isSettled) this.#waiters.shift()?.group.end();',
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
        find: 'if (this.#waiters.length > 0) return this.#obstacle;',
        replace: '',
      },
      {
        file: 'send-quota.ts',
        find: 'return this.#waiters.length === 0 && this.hasRoom(bytes);',
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
        file: 'node.ts',
        find: 'for (const { path } of this.#peers) path.exchange.mapChanged();',
        replace: 'for (const { path } of [...this.#peers].slice(1)) path.exchange.mapChanged();',
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
      { file: 'connection.ts', find: 'for (const flow of flows) flow.advance();', replace: '' },
    ],
  },
  {
    name: 'crowd-never-leaves',
    mistake: 'All ports stay congested once the node was near its hard limit.',
    patches: [
      {
        file: 'local-congestion.ts',
        find: 'this.#isCrowded ? part > CROWDED_UNTIL : part <= CROWDED_FROM',
        replace: 'this.#isCrowded || part <= CROWDED_FROM',
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
        find: 'this.#changed(chargeBytes(message.data.byteLength), 1);',
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
        find: 'this.#changed(-chargeBytes(message.data.byteLength), -1);',
        replace: 'this.#changed(0, -1);',
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
    patches: [{ file: 'node.ts', find: 'this.#ports.remove(socket);', replace: '' }],
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
  {
    name: 'loopback-ignores-congestion',
    mistake: 'A node goes on sending to a socket of its own that has more than it wants.',
    patches: [
      {
        file: 'loopback.ts',
        find: 'return this.#owner.isCongested(port);',
        replace: 'return false;',
      },
    ],
  },
  {
    name: 'loopback-not-woken',
    mistake: 'Sends to a congested socket of the same node are not told when it no longer is.',
    patches: [{ file: 'node.ts', find: 'this.#loopback.uncongested();', replace: '' }],
  },
  {
    name: 'loopback-reorders',
    mistake: 'Small messages to the same node are handed over at once, past the larger ones.',
    patches: [
      {
        file: 'loopback.ts',
        find: 'this.#queue.push({ data, length, sport, dport, owner, receipt });',
        replace: `if (length < 100 && this.#owner.deliverLocally(sport, dport, data)) {
      owner.messageSettled({ length, receipt }, 'delivered', null);
      return;
    }
    this.#queue.push({ data, length, sport, dport, owner, receipt });`,
      },
    ],
  },
  {
    name: 'loopback-does-not-copy',
    mistake: 'A message to the same node shares its bytes with the caller.',
    patches: [
      {
        file: 'loopback.ts',
        find: 'copyPayload(payload, data, 0);',
        replace: '',
      },
      {
        file: 'loopback.ts',
        find: 'const data = new Uint8Array(length);',
        replace: 'const data = payload as Uint8Array;',
      },
    ],
  },
  {
    name: 'slab-free-when-written',
    mistake: 'The memory of a message is used again when it was written, not when acknowledged.',
    patches: [
      {
        file: 'slab.ts',
        find: 'slab.used += frameBytes;\n    slab.retain();',
        replace: 'slab.used += frameBytes;',
      },
      { file: 'message.ts', find: 'this.slab.release();', replace: '' },
      {
        file: 'outbound.ts',
        find: 'slab.release();\n  }\n\n  #encodeMap',
        replace: '}\n\n  #encodeMap',
      },
      {
        file: 'outbound.ts',
        find: 'slab.release();\n  }\n}',
        replace: '}\n}',
      },
    ],
  },
  {
    name: 'slab-free-while-written',
    mistake: 'Memory is used again that a write still reads.',
    patches: [
      { file: 'wire/batch-encoder.ts', find: 'slab.retain();', replace: '' },
      {
        file: 'wire/batch-encoder.ts',
        find: 'for (const { slab } of pieces) slab.release();',
        replace: '',
      },
    ],
  },
  {
    name: 'unwritten-bytes-leak',
    mistake: 'What has left still counts as waiting to be written.',
    patches: [{ file: 'link.ts', find: 'this.unwrittenBytes -= byteLength;', replace: '' }],
  },
  {
    name: 'write-ahead-never-reopens',
    mistake: 'Nothing follows when what was written has left.',
    patches: [{ file: 'link.ts', find: 'this.#owner?.linkWritten(this);', replace: '' }],
  },
  {
    name: 'in-flight-leak',
    mistake: 'What was acknowledged still counts as in flight.',
    patches: [
      {
        file: 'send-queue.ts',
        find: 'this.#inFlightBytes -= chargeBytes(first.length);',
        replace: '',
      },
    ],
  },
  {
    name: 'flush-only-once',
    mistake: 'After the first turn nothing is written at the end of one.',
    patches: [
      {
        file: 'exchange.ts',
        find: 'this.#flushDue = false;\n    this.flush();',
        replace: 'this.flush();',
      },
    ],
  },
  {
    name: 'window-never-reopens',
    mistake: 'Messages that waited for the window do not follow when it opens.',
    patches: [
      {
        file: 'exchange.ts',
        find: 'if (this.queue.freshCount > 0) this.flushSoon();',
        replace: '',
      },
    ],
  },
];
