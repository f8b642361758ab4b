/**
 * LinuxCritic: reads what one of our nodes sends to a kernel, and says what a kernel would have
 * stumbled over. It knows what the kernel does not check: that is what makes it strict.
 */

import {
  FLAG_ACK_REQUIRED,
  FLAG_CONGESTION_MAP,
  FLAG_RETRANSMITTED,
  type Header,
} from '../wire/header.js';

const PROBE_PORT = 1;

export class LinuxCritic {
  readonly #violation: (text: string) => void;
  /** What was said on this connection: the map, and the last numbers, sent again and fresh. */
  #heard = { map: false, resent: 0, fresh: 0 };
  /** The highest number of the present generation of the peer. */
  #highest = 0;
  #generation = 0;

  constructor(violation: (text: string) => void) {
    this.#violation = violation;
  }

  /** A path beyond the first brings no map. */
  connected(isLane: boolean): void {
    this.#heard = { map: isLane, resent: 0, fresh: 0 };
  }

  check(header: Header, generation: number): void {
    const isMap = header.flags === FLAG_CONGESTION_MAP;
    if (!isMap && !this.#heard.map) this.#violation('speaks before its congestion map');
    this.#heard.map = true;
    if (header.ack !== 0) this.#violation(`acknowledges ${header.ack}`);
    if (isMap !== (header.sequence === 0)) {
      this.#violation(`numbers ${header.sequence} with flags ${header.flags}`);
    }
    if (isMap) return;
    this.#checkKind(header);
    // A kernel with ping_enable=0 does not read what a probe says, but it takes its number.
    const isProbe = header.sport === PROBE_PORT && header.flags === 0;
    const isAnew = generation !== 0 && generation !== this.#generation;
    if (isAnew || (isProbe && !this.#heard.fresh && header.sequence < this.#highest)) {
      this.#generation = generation;
      this.#highest = this.#heard.resent = this.#heard.fresh = 0;
    }
    this.#checkNumber(header);
  }

  #checkKind({ dport, flags, length, sport }: Header): void {
    const isControl = sport === 0 ? dport !== 0 : dport === 0;
    const known = FLAG_ACK_REQUIRED | FLAG_RETRANSMITTED;
    if ((flags & ~known) !== 0) this.#violation(`has flags ${flags}`);
    if (isControl ? length > 0 : sport <= PROBE_PORT || dport <= PROBE_PORT) {
      this.#violation(`sends ${length} bytes from port ${sport} to ${dport}`);
    }
  }

  #checkNumber({ flags, sequence }: Header): void {
    const heard = this.#heard;
    if ((flags & FLAG_RETRANSMITTED) !== 0) {
      // The kernel would take it for a duplicate, whether it ever got it or not.
      const before = heard.fresh || heard.resent;
      if (sequence <= before) this.#violation(`resends ${sequence} behind ${before}`);
      heard.resent = sequence;
    } else {
      // Lost connections leave gaps, and canceled messages in what is sent again: not in between.
      const isNext = heard.fresh === 0 ? sequence > this.#highest : sequence === heard.fresh + 1;
      if (!isNext) this.#violation(`sends ${sequence} behind ${heard.fresh || this.#highest}`);
      heard.fresh = sequence;
    }
    this.#highest = Math.max(this.#highest, sequence);
  }
}
