/**
 * Story numbers: sequence numbers as people can read them. A node begins to count at the wall clock
 * in microseconds, so what tells something is the distance from the first number of a direction.
 */

/**
 * No life of a process numbers so many frames in a simulation, and no two lives begin so close to
 * each other unless they are both a kernel's, which begins at 1.
 */
const FAR = 10_000;

export class StoryNumbers {
  /** The first number of each life of a sender, by direction. */
  readonly #firsts = new Map<string, number[]>();

  /** Of a frame sent: `s+3`, and from the second life on `s2+3`. */
  sent(from: string, to: string, sequence: number): string {
    const found = this.#relative(from, to, sequence);
    if (found !== undefined) return found;
    const key = `${from} ${to}`;
    this.#firsts.set(key, [...(this.#firsts.get(key) ?? []), sequence]);
    return this.#relative(from, to, sequence) as string;
  }

  /** The same of a number that is only spoken of; the full one if nothing like it was sent. */
  named(from: string, to: string, sequence: number): string {
    return this.#relative(from, to, sequence) ?? String(sequence);
  }

  #relative(from: string, to: string, sequence: number): string | undefined {
    const firsts = this.#firsts.get(`${from} ${to}`) ?? [];
    const life = firsts.findLastIndex((first) => Math.abs(sequence - first) < FAR);
    if (life < 0) return undefined;
    const distance = sequence - (firsts[life] as number);
    return `s${life === 0 ? '' : life + 1}${distance < 0 ? '−' : '+'}${Math.abs(distance)}`;
  }
}
