/**
 * Filler: the pattern behind the header of a message under `-v`. It moves on by one every 256
 * bytes, so that blocks that were swapped are noticed. It is the same in every message.
 */

/** Where the pattern begins. */
const SEED = 11;

export function makeFiller(lengthBytes: number): Buffer {
  const filler = Buffer.allocUnsafe(lengthBytes);
  let value = SEED;
  for (let index = 0; index < lengthBytes; ) {
    filler[index] = value & 0xff;
    index++;
    // Only the low byte of the 32-bit number is seen, and no higher one acts on it.
    value = (41 * ((value & 0xff) + 3) + (index >> 8)) >>> 0;
  }
  return filler;
}
