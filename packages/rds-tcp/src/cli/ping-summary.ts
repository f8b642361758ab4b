/**
 * PingSummary: how many pings were answered, and the least, mean and greatest round trip. Those
 * that waited for the connection would spoil the mean: they count only where there are no others.
 */

export class PingSummary {
  sent = 0;
  /** Of those sent: they had neither a reply nor the time for one when it was over. */
  underWay = 0;
  readonly #connecting = new RoundTrips();
  readonly #connected = new RoundTrips();

  add(rttMs: number, isWithConnecting: boolean): void {
    (isWithConnecting ? this.#connecting : this.#connected).add(rttMs);
  }

  get received(): number {
    return this.#connecting.count + this.#connected.count;
  }

  text(address: string): string {
    const { sent, received, underWay } = this;
    const decided = sent - underWay;
    const lost = decided === 0 ? 0 : Math.round(((decided - received) / decided) * 100);
    const rest = underWay === 0 ? '' : `, ${underWay} under way`;
    const head = `--- ${address} ---\n${sent} sent, ${received} received, ${lost}% lost${rest}\n`;
    if (this.#connected.count > 0) return `${head}round trip: ${this.#connected.text()}\n`;
    if (received === 0) return head;
    return `${head}round trip, with connecting: ${this.#connecting.text()}\n`;
  }
}

class RoundTrips {
  count = 0;
  #leastMs = Number.POSITIVE_INFINITY;
  #greatestMs = 0;
  #sumMs = 0;

  add(rttMs: number): void {
    this.count++;
    this.#sumMs += rttMs;
    this.#leastMs = Math.min(this.#leastMs, rttMs);
    this.#greatestMs = Math.max(this.#greatestMs, rttMs);
  }

  text(): string {
    const [least, mean, greatest] = [this.#leastMs, this.#sumMs / this.count, this.#greatestMs].map(
      (ms) => Math.round(ms * 1000),
    );
    return `least ${least}, mean ${mean}, greatest ${greatest} usec`;
  }
}
