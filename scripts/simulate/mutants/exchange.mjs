// Mutants of what is said on a connection: numbers, acknowledgements, resends, restarts, and the
// bytes of all that.

/** @type {import('../mutant-list.mjs').Mutant[]} */
export const exchangeMutants = [
  {
    name: 'duplicates-not-dropped',
    mistake: 'A resend is delivered though the message had arrived before.',
    patches: [
      {
        file: 'inbound.ts',
        find: 'if (isFormer || (isRepetition && !this.#isRenumbered(header, payload))) {',
        replace: 'if (isOld && sequence < 0) {',
      },
    ],
  },
  {
    name: 'resends-not-flagged',
    mistake: 'A resend leaves without the flag that tells it from a new message.',
    patches: [{ file: 'send-queue.ts', find: 'resend.flags |= FLAG_RETRANSMITTED;', replace: '' }],
  },
  {
    name: 'ack-one-too-high',
    mistake: 'The next expected number is acknowledged, not the last one processed.',
    patches: [
      {
        file: 'inbound.ts',
        find: 'Math.min(this.#nextSequence, this.refusals.ackLimit) - 1)',
        replace: 'Math.min(this.#nextSequence, this.refusals.ackLimit))',
      },
    ],
  },
  {
    name: 'ack-one-too-low',
    mistake: 'The last message processed is never acknowledged.',
    patches: [
      {
        file: 'inbound.ts',
        find: 'Math.min(this.#nextSequence, this.refusals.ackLimit) - 1)',
        replace: 'Math.min(this.#nextSequence, this.refusals.ackLimit) - 2)',
      },
    ],
  },
  {
    name: 'acknowledged-when-written',
    mistake: 'A message counts as delivered when TCP has taken it.',
    patches: [
      {
        file: 'outbound.ts',
        find: 'link.write(chunks, byteLength, done);',
        replace: `const last = this.#next - 1;
          link.write(chunks, byteLength, () => {
            done();
            this.queue.acknowledge(last);
          });`,
      },
    ],
  },
  {
    name: 'pong-overtakes-resends',
    mistake: 'A pong, with a fresh number, leaves before the resends, which then look old.',
    patches: [
      {
        file: 'send-queue.ts',
        find: 'if (resend !== undefined) {',
        replace: 'if (resend !== undefined && this.#control.length === 0) {',
      },
    ],
  },
  {
    name: 'numbers-restart-on-reconnect',
    mistake: 'Each connection counts from the beginning, though the peer goes on counting.',
    patches: [
      {
        file: 'outbound.ts',
        find: 'if (this.queue.mapDue) this.#encodeMap();',
        replace: 'this.#next = 1;\nif (this.queue.mapDue) this.#encodeMap();',
      },
    ],
  },
  {
    name: 'expected-number-forgotten',
    mistake: 'A receiver forgets with the connection what it has had.',
    patches: [
      {
        file: 'exchange.ts',
        find: 'this.#inbound.refusals.disconnected();',
        replace: 'this.#inbound.peerRestarted();',
      },
    ],
  },
  {
    name: 'rewind-skips-first',
    mistake: 'After a broken connection the first unacknowledged message is taken for sent.',
    patches: [
      {
        file: 'send-queue.ts',
        find: 'this.#cursor = 0;\n    this.#control.clear();',
        replace: 'this.#cursor = Math.min(this.#cursor, 1);\n    this.#control.clear();',
      },
    ],
  },
  {
    name: 'cursor-stays-on-ack',
    mistake: 'An acknowledgement amid resends makes the queue skip some of them.',
    patches: [
      { file: 'send-queue.ts', find: 'if (this.#cursor > 0) this.#cursor--;', replace: '' },
    ],
  },
  {
    name: 'train-grows-under-way',
    mistake: 'A message joins a train that has left, and never leaves itself.',
    patches: [{ file: 'send-queue.ts', find: 'fresh.seal();', replace: '' }],
  },
  {
    name: 'train-ends-with-first-ack',
    mistake: 'An acknowledgement of a part of a train counts for all of it.',
    patches: [
      {
        file: 'send-queue.ts',
        find: 'const isWhole = first.lastSequence <= sequence;',
        replace: 'const isWhole = true;',
      },
    ],
  },
  {
    name: 'train-numbered-once',
    mistake: 'All messages of a train leave with the number of its first.',
    patches: [{ file: 'wire/header.ts', find: 'low = (low + 1) | 0;', replace: '' }],
  },
  {
    name: 'room-at-start',
    mistake: 'What is read to where it is to be goes to where the message begins.',
    patches: [
      {
        file: 'wire/frame-decoder.ts',
        find: 'return payload.subarray(this.#payloadFilled);',
        replace: 'return payload.subarray(0, roomBytes);',
      },
    ],
  },
  {
    name: 'generation-ignored',
    mistake: 'That the peer has restarted goes unnoticed.',
    patches: [
      {
        file: 'connection.ts',
        find: 'generation !== 0 && this.#generation !== 0 && generation !== this.#generation;',
        replace: 'false;',
      },
    ],
  },
  {
    name: 'generation-never-updated',
    mistake: 'The first generation of a peer is remembered for ever, so it restarts each time.',
    patches: [
      {
        file: 'connection.ts',
        find: 'if (generation !== 0 || replaced) this.#generation = generation;',
        replace: 'this.#generation ||= generation;',
      },
    ],
  },
  {
    name: 'resent-to-next-process',
    mistake: 'What was transmitted to a process that died is sent again to the next one.',
    patches: [
      {
        file: 'exchange.ts',
        find: "this.#peer.giveUp(this.queue.takeSent(), 'restarted');",
        replace: '',
      },
    ],
  },
  {
    name: 'restart-keeps-expected-number',
    mistake: 'The numbers of the process that died are expected of the next one.',
    patches: [
      {
        file: 'inbound.ts',
        find: '      this.#nextSequence = 0;\n',
        replace: '',
      },
      {
        file: 'inbound.ts',
        find: 'this.#nextAtBegin = 0;\n    this.#highestAck = 0;',
        replace: '',
      },
    ],
  },
  {
    name: 'stale-hello-believed',
    mistake: 'A hello is believed that acknowledges what the process before us had sent.',
    patches: [
      {
        file: 'inbound.ts',
        find: 'if (!isHello) this.#isKnown = true;',
        replace: 'this.#isKnown = true;',
      },
    ],
  },
  {
    name: 'sent-before-greeted',
    mistake: 'Messages flow before the peer has said which process it is.',
    patches: [
      {
        file: 'exchange.ts',
        find: 'this.progressed = false;\n    this.hasDeparted = false;',
        replace: 'this.progressed = false;\n    this.link = link;',
      },
    ],
  },
  {
    name: 'heartbeat-never-sent',
    mistake: 'A peer that has been quiet is not asked whether it lives before it is given up.',
    patches: [
      {
        file: 'exchange.ts',
        find: 'this.#outbound.writeUnsequenced(link, FLAG_ACK_REQUIRED);',
        replace: '',
      },
    ],
  },
  {
    name: 'split-header-lost',
    mistake: 'The first part of a header that ends in the next chunk is dropped.',
    patches: [
      {
        file: 'wire/frame-decoder.ts',
        find: 'this.#headerFilled = byteLength - at;',
        replace: '',
      },
    ],
  },
  {
    name: 'split-map-lost',
    mistake: 'A congestion map that comes in several chunks is dropped.',
    patches: [
      {
        file: 'wire/frame-decoder.ts',
        find: 'this.#guessNext(length);\n      sink.frame',
        replace: `this.#guessNext(length);
      if (this.#header.flags !== FLAG_CONGESTION_MAP) sink.frame`,
      },
    ],
  },
  {
    name: 'gather-forgets-start',
    mistake: 'The buffer for a large message grows without what it has.',
    patches: [
      {
        file: 'wire/frame-decoder.ts',
        find: 'payload.set(before.subarray(0, this.#payloadFilled));',
        replace: '',
      },
    ],
  },
  {
    name: 'pieces-merged-blindly',
    mistake: 'Two frames of one slab are written as one piece, with what lies between.',
    patches: [
      {
        file: 'wire/batch-encoder.ts',
        find: ' && last.end === start',
        replace: '',
      },
    ],
  },
  {
    name: 'rest-lost-at-stop',
    mistake: 'What a chunk holds behind the frame that filled the queue is dropped.',
    patches: [
      {
        file: 'wire/frame-decoder.ts',
        find: 'this.#rest = chunk.subarray(at);',
        replace: '',
      },
    ],
  },
];
