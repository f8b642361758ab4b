/**
 * Outstanding: what all sockets of a node have on one way to another, or to the node itself: what
 * was accepted and is not settled. Each has a send buffer; many full ones would be many times what
 * the way can have under way, and would only leave the caches.
 */

/** Who waits for room that others have. */
export interface RoomSeeker {
  /** There may be room. */
  needChanged(): void;
}

export class Outstanding {
  /** In charged bytes. */
  bytes = 0;
  /** What may be transmitted and not acknowledged, on all paths together. */
  windowBytes: number;
  readonly #seekers = new Set<RoomSeeker>();

  constructor(windowBytes: number) {
    this.windowBytes = windowBytes;
  }

  add(seeker: RoomSeeker): void {
    this.#seekers.add(seeker);
  }

  remove(seeker: RoomSeeker): void {
    this.#seekers.delete(seeker);
  }

  /**
   * Something was canceled, or there are more paths. Of what is acknowledged nobody is told here:
   * who waits has something to be acknowledged as well, and is woken then.
   */
  roomCame(): void {
    for (const seeker of [...this.#seekers]) seeker.needChanged();
  }
}
