// User-Mode Linux 6.1 on processors with a large floating-point state (those with AMX).
//
// It believes that the state has at most 2,696 bytes, and gives ptrace(PTRACE_SETREGSET) that
// length. Where it is longer the call fails, and the kernel panics with the first program that it
// starts: "ptrace set fp regs failed". The host cuts a length down to that of its processor, and
// looks at nothing beyond the part that the state's own header says is in use. So a copy of the
// program that gives 65,536 instead is right on every processor.

/** `movq $0xa88, -x(%rbp)`, and soon after it `mov $0x4205, %edi`: the length and the request. */
const LENGTH = [0x48, 0xc7, 0x45, null, 0x88, 0x0a, 0x00, 0x00];
const LENGTH_OFFSET = 4;
const REQUEST = [0xbf, 0x05, 0x42, 0x00, 0x00];
const MAX_BETWEEN_BYTES = 16;
const WIDE_BYTES = 65_536;

/** @param {string} cpuinfo what /proc/cpuinfo says */
export function needsWideFp(cpuinfo) {
  return /^flags\b.*\bamx_tile\b/m.test(cpuinfo);
}

/**
 * The program with the larger length; null if its code is not as expected.
 *
 * @param {Buffer} program
 */
export function widenFp(program) {
  const found = [];
  const start = Buffer.from([0x48, 0xc7, 0x45]);
  for (let at = program.indexOf(start); at >= 0; at = program.indexOf(start, at + 1)) {
    if (isAt(program, at, LENGTH) && requestFollows(program, at + LENGTH.length)) found.push(at);
  }
  const [at] = found;
  if (at === undefined || found.length > 1) return null;
  const wide = Buffer.from(program);
  wide.writeUInt32LE(WIDE_BYTES, at + LENGTH_OFFSET);
  return wide;
}

/**
 * @param {Buffer} program
 * @param {number} from
 */
function requestFollows(program, from) {
  for (let gap = 0; gap <= MAX_BETWEEN_BYTES; gap++) {
    if (isAt(program, from + gap, REQUEST)) return true;
  }
  return false;
}

/**
 * @param {Buffer} program
 * @param {number} at
 * @param {readonly (number | null)[]} pattern
 */
function isAt(program, at, pattern) {
  return pattern.every((byte, index) => byte === null || program[at + index] === byte);
}
