/**
 * CongestionMap: one bit per port, set while a socket there has more queued than it wants.
 * Mirrors net/rds/cong.c, which keeps dense maps too: a bit is found without a search, and the
 * whole map is what travels.
 *
 * A map without bits, which is nearly every one, takes no memory beyond this object: with a
 * thousand peers the 8 KiB would count.
 */

export const CONGESTION_MAP_BYTES = 8192;

export class CongestionMap {
  #bits: Uint8Array | null = null;

  isCongested(port: number): boolean {
    const bits = this.#bits;
    return bits !== null && ((bits[port >> 3] as number) & (1 << (port & 7))) !== 0;
  }

  set(port: number): void {
    this.#bits ??= new Uint8Array(CONGESTION_MAP_BYTES);
    this.#bits[port >> 3] = (this.#bits[port >> 3] as number) | (1 << (port & 7));
  }

  clear(port: number): void {
    if (this.#bits === null) return;
    this.#bits[port >> 3] = (this.#bits[port >> 3] as number) & ~(1 << (port & 7));
    if (isZero(this.#bits)) this.#bits = null;
  }

  /** Takes over a map as received. The bytes are copied. False if it says nothing new. */
  replace(map: Uint8Array): boolean {
    const bits = isZero(map) ? null : map;
    if (bits === null ? this.#bits === null : isEqual(bits, this.#bits)) return false;
    this.#bits = bits === null ? null : bits.slice();
    return true;
  }

  /** Writes the map as it goes on the wire: port p is byte p/8, bit p%8 from the lowest. */
  copyTo(bytes: Uint8Array, at: number): void {
    if (this.#bits === null) bytes.fill(0, at, at + CONGESTION_MAP_BYTES);
    else bytes.set(this.#bits, at);
  }

  /** The congested ports, ascending. */
  ports(): number[] {
    const found: number[] = [];
    this.#bits?.forEach((byte, index) => {
      for (let bit = 0; byte >> bit !== 0; bit++) {
        if ((byte >> bit) & 1) found.push(index * 8 + bit);
      }
    });
    return found;
  }
}

function isZero(bytes: Uint8Array): boolean {
  // Words where the alignment allows it: a peer may send a map with every chunk.
  if (bytes.byteOffset % 4 === 0) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
    return words.every((word) => word === 0);
  }
  return bytes.every((byte) => byte === 0);
}

function isEqual(a: Uint8Array, b: Uint8Array | null): boolean {
  return b !== null && a.every((byte, index) => byte === b[index]);
}
