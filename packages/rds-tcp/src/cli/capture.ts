/**
 * Capture: tapped frames as the blocks of a pcapng file, one interface per node.
 */

import type { TapItem } from '../inspector/client.js';
import type { InspectedNode } from '../inspector/protocol.js';
import { formatHostAndPort } from './arguments.js';
import type { FrameSink } from './frame-sink.js';
import { Packets } from './packets.js';
import { interfaceBlock, packetBlock, sectionBlock } from './pcapng.js';

const HEADER_BYTES = 48;

export class Capture implements FrameSink {
  readonly snapBytes: number;
  #packets: Packets[] = [];
  /** Frames left out before the next one, per node. */
  #lost: number[] = [];

  constructor(snapBytes: number) {
    this.snapBytes = snapBytes;
  }

  begin(nodes: readonly InspectedNode[]): Buffer {
    this.#packets = nodes.map(({ info }) => new Packets(info));
    this.#lost = nodes.map(() => 0);
    const names = nodes.map(({ info }) => formatHostAndPort(info.address, info.tcpPort));
    return Buffer.concat([sectionBlock('rds tap'), ...names.map(interfaceBlock)]);
  }

  write(index: number, item: TapItem): Buffer {
    if ('lost' in item) {
      this.#lost[index] = (this.#lost[index] ?? 0) + item.lost;
      return Buffer.alloc(0);
    }
    const { frame } = item;
    const bytes = Buffer.from(frame.bytes ?? '', 'base64');
    const packets = this.#packets[index]?.of(frame, bytes, HEADER_BYTES + frame.length) ?? [];
    const lost = this.#lost[index] ?? 0;
    this.#lost[index] = 0;
    const blocks = packets.map((packet, number) =>
      packetBlock({
        ...packet,
        interfaceId: index,
        atUs: frame.atUs,
        direction: frame.direction,
        comment: number === 0 && lost > 0 ? `${lost} frames were left out before` : undefined,
      }),
    );
    return Buffer.concat(blocks);
  }
}
