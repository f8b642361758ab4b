/**
 * Sums: numbers that only grow. V8 keeps a whole number below 2^31 in another way than all others,
 * and when the first of an object grows beyond that, it throws away whatever it has compiled for
 * such objects. With bytes that is after 2 GiB, in the middle of the traffic. Kept the other way
 * from the start they cost a nanosecond more each time, and that does not happen.
 */

/** To be called by the constructor of who has such sums, all of them 0. */
export function keepAsDoubles(sums: object): void {
  const byName = sums as Record<string, unknown>;
  for (const name of Object.keys(byName)) {
    if (byName[name] !== 0) continue;
    // No whole number at all, so V8 remembers for all of this class that it needs the other way.
    byName[name] = 0.5;
    byName[name] = 0;
  }
}
