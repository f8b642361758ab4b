/**
 * Tap: lets somebody watch every frame that a node sends and receives, for `rds tap` and for tests.
 * Nobody watching costs one comparison per write and per chunk read, and nothing per frame.
 */

import { CONGESTION_MAP_BYTES, CongestionMap } from './congestion-map.js';
import type { Runtime, TcpAddress } from './runtime.js';
import { decodeExtensions, type Extensions } from './wire/extension.js';
import type { FrameSink } from './wire/frame-decoder.js';
import {
  FLAG_CONGESTION_MAP,
  HEADER_BYTES,
  Header,
  readHeader,
  writeExtensions,
  writeHeader,
} from './wire/header.js';

/** A frame as it went over the wire. Its bytes are lent: copy what is kept beyond the call. */
export interface TappedFrame {
  readonly direction: 'sent' | 'received';
  /** The peer: its address, and the TCP port where it listens. */
  readonly address: string;
  readonly tcpPort: number;
  /**
   * Which TCP connection of the node it was, counted from 1; 0 for what is said before it is clear
   * who the peer is: the map to a kernel that has just called, and knocks.
   */
  readonly connection: number;
  readonly sequence: number;
  readonly ack: number;
  readonly sport: number;
  readonly dport: number;
  /** As in rds.h: 1 congestion map, 2 acknowledgement required, 4 retransmitted. */
  readonly flags: number;
  /** What the extension headers say; null if there are none. */
  readonly extensions: Extensions | null;
  /** Of a congestion map, the ports that it marks; null for any other frame. */
  readonly congestedPorts: readonly number[] | null;
  /** 48 bytes. */
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
}

/** Called in the middle of sending and reading: it must be quick, and must not call the node. */
export type FrameObserver = (frame: TappedFrame) => void;

export class Tap {
  readonly #observers = new Set<FrameObserver>();
  #connections = 0;
  readonly #defer: Runtime['defer'];
  /** Somebody watches. */
  isOpen = false;

  constructor(defer: Runtime['defer']) {
    this.#defer = defer;
  }

  add(observer: FrameObserver): () => void {
    this.#observers.add(observer);
    this.isOpen = true;
    return () => {
      this.#observers.delete(observer);
      this.isOpen = this.#observers.size > 0;
    };
  }

  /** The number of a new connection. */
  nextConnection(): number {
    return ++this.#connections;
  }

  /** Whole frames were written, one behind the other. */
  sent(peer: TcpAddress, connection: number, chunks: readonly Uint8Array[]): void {
    if (!this.isOpen) return;
    const header = new Header();
    for (const chunk of chunks) {
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      for (let at = 0; at < chunk.byteLength; ) {
        readHeader(header, chunk, view, at);
        const end = at + HEADER_BYTES + header.length;
        const bytes = chunk.subarray(at, at + HEADER_BYTES);
        const payload = chunk.subarray(at + HEADER_BYTES, end);
        this.#tell('sent', peer, connection, header, bytes, payload);
        at = end;
      }
    }
  }

  /** `sink`, and before it the observers. */
  watching(peer: TcpAddress, connection: number, sink: FrameSink): FrameSink {
    return {
      frame: (header, payload) => {
        this.#tell('received', peer, connection, header, headerBytes(header), payload);
        sink.frame(header, payload);
        return false;
      },
      nextFrame() {},
    };
  }

  #tell(
    direction: TappedFrame['direction'],
    { address, tcpPort }: TcpAddress,
    connection: number,
    { sequence, ack, sport, dport, flags, extended, extensions }: Header,
    header: Uint8Array,
    payload: Uint8Array,
  ): void {
    const from = { direction, address, tcpPort, connection };
    const what = { sequence, ack, sport, dport, flags };
    const frame: TappedFrame = {
      ...from,
      ...what,
      extensions: extended ? decodeExtensions(extensions) : null,
      congestedPorts: flags === FLAG_CONGESTION_MAP ? portsOf(payload) : null,
      header,
      payload,
    };
    for (const observer of [...this.#observers]) this.#show(observer, frame);
  }

  /** What an observer throws is its program's affair, and must not cost a frame its way. */
  #show(observer: FrameObserver, frame: TappedFrame): void {
    try {
      observer(frame);
    } catch (error) {
      this.#defer(() => {
        throw error;
      });
    }
  }
}

function portsOf(map: Uint8Array): number[] {
  if (map.byteLength !== CONGESTION_MAP_BYTES) return [];
  const congestion = new CongestionMap();
  congestion.replace(map);
  return congestion.ports();
}

/** A header that was read, as it came, but for fields that nobody uses: credit and checksum. */
function headerBytes(header: Header): Uint8Array {
  const { sequence, ack, length, sport, dport, flags, extended, extensions } = header;
  const bytes = new Uint8Array(HEADER_BYTES);
  writeHeader(new DataView(bytes.buffer), 0, sequence, ack, length, sport, dport, flags);
  if (extended) writeExtensions(bytes, 0, extensions);
  return bytes;
}
