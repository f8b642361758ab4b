/**
 * StoryDirection: one way of one connection. Byte pieces go in when they leave and when they
 * arrive, in any sizes; out come frames, each with the moment of its last byte at either end.
 *
 * The sending side is decoded. What arrives is counted: TCP delivers a beginning of what was sent.
 */

import { FrameDecoder } from '../../src/wire/frame-decoder.js';
import { HEADER_BYTES, Header, readHeader } from '../../src/wire/header.js';
import type { FrameItem, FrameText } from './story-item.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Describe = (header: Header, payload: Uint8Array) => FrameText;

interface Traveller {
  readonly item: Mutable<FrameItem>;
  /** How many bytes of the stream have arrived when its last one has. */
  readonly endsAt: number;
}

export class StoryDirection {
  readonly #place: { readonly connection: number; readonly from: string; readonly to: string };
  readonly #describe: Describe;
  readonly #decoder = new FrameDecoder(Infinity);
  readonly #travellers: Traveller[] = [];
  #fault: string | null = null;
  #sentBytes = 0;
  #framedBytes = 0;
  #arrivedBytes = 0;
  #lastSentMs = 0;
  /** The beginning of the frame that is not yet complete, as far as its header goes. */
  #begun = new Uint8Array(0);

  constructor(connection: number, from: string, to: string, describe: Describe) {
    this.#place = { connection, from, to };
    this.#describe = describe;
  }

  /** Returns the frames whose last byte is in this piece: lost, as long as they do not arrive. */
  sent(bytes: Uint8Array, atMs: number): FrameItem[] {
    const startsAt = this.#sentBytes;
    this.#sentBytes += bytes.length;
    this.#lastSentMs = atMs;
    const items: FrameItem[] = [];
    if (this.#fault !== null) return items;
    this.#fault = this.#decoder.push(bytes, {
      frame: (header, payload) => {
        const text = this.#describe(header, payload);
        const item: FrameItem = { kind: 'frame', atMs, ...this.#place, ...text, fate: 'lost' };
        this.#framedBytes += HEADER_BYTES + header.length;
        this.#travellers.push({ item, endsAt: this.#framedBytes });
        items.push(item);
        return false;
      },
      nextFrame() {},
    });
    const kept = items.length === 0 ? this.#begun : [];
    const left = bytes.subarray(Math.max(0, this.#framedBytes - startsAt));
    const begun = [...kept, ...left.subarray(0, HEADER_BYTES)];
    this.#begun = Uint8Array.from(begun.slice(0, HEADER_BYTES));
    return items;
  }

  arrived(bytes: number, atMs: number, isUnread: boolean): void {
    this.#arrivedBytes += bytes;
    while ((this.#travellers[0]?.endsAt ?? Infinity) <= this.#arrivedBytes) {
      const { item } = this.#travellers.shift() as Traveller;
      item.fate = 'arrived';
      item.arrivedMs = atMs;
      if (isUnread) item.isUnread = true;
    }
  }

  /** What left of a frame that never left as a whole, or of what is none. */
  rest(): FrameItem | undefined {
    const bytes = this.#sentBytes - this.#framedBytes;
    if (bytes === 0) return undefined;
    const what = this.#fault === null ? this.#named() : `no frame: ${this.#fault}`;
    const label = `${bytes.toLocaleString('en-US')} B, ${what}`;
    const text = { name: 'part', label, details: [label], sport: 0, dport: 0 } as const;
    return {
      ...{ kind: 'frame', atMs: this.#lastSentMs, ...this.#place, ...text },
      ...{ bytes, isResent: false, fate: 'lost' },
    };
  }

  /** What the unfinished frame would have been. */
  #named(): string {
    const header = new Header();
    const { buffer, length } = this.#begun;
    if (length < HEADER_BYTES) return 'the beginning of a frame';
    readHeader(header, this.#begun, new DataView(buffer), 0);
    return `the beginning of: ${this.#describe(header, new Uint8Array(0)).label}`;
  }
}
