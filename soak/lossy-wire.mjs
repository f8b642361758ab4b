// The wire of the lossy network, a process: it reads the packets of every host, and loses, doubles
// or alters some before it gives them to the others. Most kernels have no netem, which would do it;
// macvtap, which hands packets to a program as bytes, is far more common.

import { openSync, read, writeSync } from 'node:fs';
import { seededRandom } from './random.mjs';

/**
 * @typedef {{ loss: number, corruption: number, duplication: number }} Damage shares of packets
 * @typedef {{ packets: number, lost: number, altered: number, doubled: number }} WireCounts
 */

const MAX_FRAME_BYTES = 65_536 + 64;
/** What macvtap puts before a frame: struct virtio_net_hdr. */
const PREFIX_BYTES = 10;
const NEEDS_CHECKSUM = 1;
const ADDRESS_BYTES = 6;

/** @type {{ devices: string[], seed: number }} */
const options = JSON.parse(process.argv[2] ?? '{}');
const random = seededRandom(options.seed);
/** @type {Damage} */
let damage = { loss: 0, corruption: 0, duplication: 0 };
/** @type {WireCounts} */
const counts = { packets: 0, lost: 0, altered: 0, doubled: 0 };

const ports = options.devices.map((path) => openSync(path, 'r+'));
for (const port of ports) readFrom(port, Buffer.alloc(MAX_FRAME_BYTES));
process.on('message', (/** @type {Damage | 'counts'} */ message) => {
  if (message === 'counts') process.send?.(counts);
  else damage = message;
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

/**
 * @param {number} port
 * @param {Buffer} buffer
 */
function readFrom(port, buffer) {
  read(port, buffer, 0, buffer.length, null, (error, length) => {
    if (error) throw error;
    carry(port, buffer.subarray(0, length));
    readFrom(port, buffer);
  });
}

/**
 * @param {number} from
 * @param {Buffer} packet
 */
function carry(from, packet) {
  if (packet.readUInt8(1) !== 0) throw new Error('a packet comes that is still to be segmented');
  complete(packet);
  counts.packets++;
  if (random() < damage.loss) {
    counts.lost++;
    return;
  }
  if (random() < damage.corruption) {
    counts.altered++;
    alter(packet.subarray(PREFIX_BYTES + 2 * ADDRESS_BYTES));
  }
  give(from, packet);
  if (random() >= damage.duplication) return;
  counts.doubled++;
  give(from, packet);
}

/**
 * The sending kernel leaves the checksum to the hardware, which is us. Without it the receiving one
 * would take an altered packet for a good one.
 *
 * @param {Buffer} packet
 */
function complete(packet) {
  if ((packet.readUInt8(0) & NEEDS_CHECKSUM) !== 0) {
    const start = PREFIX_BYTES + packet.readUInt16LE(6);
    const at = start + packet.readUInt16LE(8);
    let sum = 0;
    for (let index = start; index < packet.length; index += 2) {
      sum += index + 1 < packet.length ? packet.readUInt16BE(index) : packet.readUInt8(index) << 8;
    }
    while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
    packet.writeUInt16BE(~sum & 0xffff, at);
  }
  packet.fill(0, 0, PREFIX_BYTES);
}

/**
 * One bit, as netem does.
 *
 * @param {Buffer} bytes
 */
function alter(bytes) {
  const at = Math.floor(random() * bytes.length);
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at);
}

/**
 * To all other hosts, which take what is for them: there are few, and little is said.
 *
 * @param {number} from
 * @param {Buffer} packet
 */
function give(from, packet) {
  for (const port of ports) {
    if (port === from) continue;
    try {
      writeSync(port, packet);
    } catch {
      // Its queue is full: one more that is lost.
      counts.lost++;
    }
  }
}
