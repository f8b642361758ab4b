// One TCP connection between two nodes that goes through the proxy, in two halves: one to who
// dialled, one to who listens. It can be cut at any byte, with another effect at each end, and held
// up for a while.
//
// A network loses no bytes in the middle of a TCP connection. So what is held up goes on later, and
// after a cut nothing passes any more.

import { connect } from 'node:net';
import { NODE_TCP_PORT } from './network-plan.mjs';

/**
 * @typedef {import('node:net').Socket} Socket
 * @typedef {'reset' | 'end' | 'silence'} Ending what one end sees of a cut: RST, FIN, or nothing
 * @typedef {{ dialler: Ending, listener: Ending }} Cut
 * @typedef {'up' | 'down'} Direction `up` is from the dialler to the listener
 */

/** So long a connection stands that one end does not know to be cut. The nodes give up sooner. */
const SILENCE_MS = 8000;
/** And one that ended properly, for the other end to close it, too. */
const GRACE_MS = 2000;

export class ProxiedConnection {
  /** @type {Socket} */
  #dialler;
  /** @type {Socket | null} */
  #listener = null;
  #isCut = false;
  #isHeldUp;
  /** @type {Set<Direction>} */
  #muted = new Set();
  #passed = { up: 0, down: 0 };
  /** @type {{ direction: Direction, bytesLeft: number, cut: Cut } | null} */
  #armed = null;
  #closed;
  #onCut;

  /**
   * @param {Socket} dialler
   * @param {{ from: number, to: number, address: string }} way
   * @param {{ isHeldUp: boolean, closed: (connection: ProxiedConnection) => void,
   *   cut: (connection: ProxiedConnection, cut: Cut, bytes: number) => void }} options
   */
  constructor(dialler, { from, to, address }, { isHeldUp, closed, cut }) {
    this.from = from;
    this.to = to;
    this.address = address;
    this.#dialler = dialler;
    this.#isHeldUp = isHeldUp;
    this.#closed = closed;
    this.#onCut = cut;
    dialler.setNoDelay(true);
    // It may break before there is a listener's half to break with it.
    dialler.on('error', () => {});
    dialler.on('close', () => {
      if (this.#listener === null) this.#closed(this);
    });
    if (isHeldUp) dialler.pause();
    else this.#dial();
  }

  /** Both ends have said something: the nodes are, or were, connected. */
  get isUsed() {
    return !this.#isCut && this.#passed.up > 0 && this.#passed.down > 0;
  }

  /**
   * Cuts when so many more bytes have passed in that direction.
   *
   * @param {Direction} direction
   * @param {number} bytesLeft
   * @param {Cut} cut
   */
  arm(direction, bytesLeft, cut) {
    this.#armed = { direction, bytesLeft, cut };
  }

  /** Cuts where it is, if it still waits for its byte. */
  fire() {
    if (this.#armed !== null && !this.#isCut && !this.#isHeldUp) this.#cut(this.#armed.cut);
  }

  /**
   * From now on nothing passes that this node says. It can not be undone: the connection is to be
   * cut, and what was said is lost with it.
   *
   * @param {number} node
   */
  mute(node) {
    const direction = node === this.from ? 'up' : 'down';
    this.#muted.add(direction);
    if (direction === 'up') this.#dialler.pause();
    else this.#listener?.pause();
  }

  holdUp() {
    this.#isHeldUp = true;
    this.#dialler.pause();
    this.#listener?.pause();
  }

  goOn() {
    this.#isHeldUp = false;
    if (this.#isCut) return;
    if (this.#listener === null) this.#dial();
    if (!this.#muted.has('up')) this.#dialler.resume();
    if (!this.#muted.has('down')) this.#listener?.resume();
  }

  destroy() {
    this.#isCut = true;
    this.#dialler.destroy();
    this.#listener?.destroy();
    this.#closed(this);
  }

  #dial() {
    const localAddress = this.#dialler.remoteAddress ?? '';
    const listener = connect({
      ...{ host: this.address, port: NODE_TCP_PORT, localAddress },
      ...{ allowHalfOpen: true, noDelay: true },
    });
    this.#listener = listener;
    this.#join(this.#dialler, listener, 'up');
    this.#join(listener, this.#dialler, 'down');
  }

  /**
   * @param {Socket} source
   * @param {Socket} sink
   * @param {Direction} direction
   */
  #join(source, sink, direction) {
    source.on('data', (chunk) => {
      if (!this.#isCut) this.#pass(source, sink, direction, chunk);
    });
    sink.on('drain', () => {
      if (!this.#isHeldUp && !this.#muted.has(direction)) source.resume();
    });
    source.on('end', () => {
      if (!this.#isCut) sink.end();
    });
    source.on('error', () => {
      if (!this.#isCut) reset(sink);
    });
    source.on('close', () => {
      if (sink.destroyed) this.#closed(this);
    });
  }

  /**
   * @param {Socket} source
   * @param {Socket} sink
   * @param {Direction} direction
   * @param {Buffer} chunk
   */
  #pass(source, sink, direction, chunk) {
    const armed = this.#armed;
    if (armed?.direction === direction) {
      if (armed.bytesLeft <= chunk.length) {
        const head = chunk.subarray(0, armed.bytesLeft);
        this.#passed[direction] += head.length;
        // Written first: what came before the cut is on its way.
        if (head.length > 0) sink.write(head);
        this.#cut(armed.cut);
        return;
      }
      armed.bytesLeft -= chunk.length;
    }
    this.#passed[direction] += chunk.length;
    if (!sink.write(chunk)) source.pause();
  }

  /** @param {Cut} cut */
  #cut(cut) {
    const wasUsed = this.isUsed;
    this.#isCut = true;
    this.#armed = null;
    endAs(this.#dialler, cut.dialler);
    if (this.#listener !== null) endAs(this.#listener, cut.listener);
    if (wasUsed) this.#onCut(this, cut, this.#passed.up + this.#passed.down);
  }
}

/**
 * @param {Socket} socket
 * @param {Ending} ending
 */
function endAs(socket, ending) {
  if (ending === 'reset') {
    reset(socket);
    return;
  }
  if (ending === 'end') {
    socket.end();
    socket.resume();
  } else socket.pause();
  const timer = setTimeout(() => socket.destroy(), ending === 'end' ? GRACE_MS : SILENCE_MS);
  socket.on('close', () => clearTimeout(timer));
}

/**
 * Node sends a RST, at times behind a FIN. A socket that it was told to end it can not reset: the
 * handle would be lost, and our own process would then wait for it for ever when it ends.
 *
 * @param {Socket} socket
 */
function reset(socket) {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
