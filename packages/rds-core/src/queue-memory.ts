/**
 * Where the messages are that go on waiting on a socket. Each is a small part of what was read from
 * TCP at once, and would keep all of it. So they are copied out, one behind the other, into blocks
 * that hold nothing else and are read in the same order: byte budgets mean what they say.
 */

/** As much as is read from TCP at once: who keeps a message keeps no more than without a queue. */
const MAX_BLOCK_BYTES = 64 * 1024;
/** A larger message has memory of its own, or much would be left over at the end of a block. */
const OWN_MEMORY_BYTES = 16 * 1024;

/** The same messages, where they keep not much more than themselves. */
export function copyOut(messages: readonly Uint8Array[]): Uint8Array[] {
  let aheadBytes = 0;
  for (const data of messages) if (belongsInBlock(data)) aheadBytes += data.length;
  let block = new Uint8Array(0);
  let used = 0;
  return messages.map((data) => {
    if (isMostOfBuffer(data)) return data;
    const { length } = data;
    if (length > OWN_MEMORY_BYTES) return new Uint8Array(data);
    if (block.length - used < length) {
      block = new Uint8Array(Math.min(aheadBytes, MAX_BLOCK_BYTES));
      used = 0;
    }
    const copy = block.subarray(used, used + length);
    copy.set(data);
    used += length;
    aheadBytes -= length;
    return copy;
  });
}

function belongsInBlock(data: Uint8Array): boolean {
  return data.length <= OWN_MEMORY_BYTES && !isMostOfBuffer(data);
}

function isMostOfBuffer(data: Uint8Array): boolean {
  return data.length * 8 >= data.buffer.byteLength * 7;
}
