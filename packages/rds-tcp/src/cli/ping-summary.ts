/**
 * PingSummary: how many pings were answered, and the least, mean and greatest round trip.
 */

export class PingSummary {
  sent = 0;
  received = 0;
  #leastMs = Number.POSITIVE_INFINITY;
  #greatestMs = 0;
  #sumMs = 0;

  add(rttMs: number): void {
    this.received++;
    this.#sumMs += rttMs;
    this.#leastMs = Math.min(this.#leastMs, rttMs);
    this.#greatestMs = Math.max(this.#greatestMs, rttMs);
  }

  text(address: string): string {
    const { sent, received } = this;
    const lost = sent === 0 ? 0 : Math.round(((sent - received) / sent) * 100);
    const head = `--- ${address} ---\n${sent} sent, ${received} received, ${lost}% lost\n`;
    if (received === 0) return head;
    const [least, mean, greatest] = [this.#leastMs, this.#sumMs / received, this.#greatestMs].map(
      (ms) => Math.round(ms * 1000),
    );
    return `${head}round trip: least ${least}, mean ${mean}, greatest ${greatest} usec\n`;
  }
}
