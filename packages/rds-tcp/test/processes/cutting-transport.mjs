// The real transport, whose connections break at given byte offsets: within a frame, a header, a
// field, while writing or while reading.

import { TcpTransport } from 'rds-tcp';

/** @typedef {import('rds-tcp').Stream} Stream */
/** @typedef {import('rds-tcp').TcpAddress} TcpAddress */
/** @typedef {import('rds-tcp').Transport} Transport */

/** @implements {Transport} */
export class CuttingTransport {
  #inner = new TcpTransport();
  /** Where to cut: counted over all that is read and written, ascending. */
  #offsets;
  #passed = 0;
  cuts = 0;

  /** @param {number[]} offsets */
  constructor(offsets) {
    this.#offsets = offsets;
  }

  /**
   * @param {TcpAddress} local
   * @param {(stream: Stream) => void} onStream
   */
  listen(local, onStream) {
    return this.#inner.listen(local, (stream) => onStream(new CutStream(stream, this)));
  }

  /**
   * @param {TcpAddress} local
   * @param {TcpAddress} remote
   */
  connect(local, remote) {
    return new CutStream(this.#inner.connect(local, remote), this);
  }

  /**
   * How many of the next bytes may pass: all, or those before a cut.
   *
   * @param {number} bytes
   */
  pass(bytes) {
    const offset = this.#offsets[this.cuts];
    if (offset === undefined || this.#passed + bytes <= offset) {
      this.#passed += bytes;
      return bytes;
    }
    const before = Math.max(0, offset - this.#passed);
    this.#passed += before;
    this.cuts++;
    return before;
  }
}

/** @implements {Stream} */
class CutStream {
  #inner;
  #cutter;
  #isCut = false;
  /** @type {import('rds-tcp').StreamHandler} */
  handler = { opened() {}, received() {}, ended() {}, closed() {} };

  /**
   * @param {Stream} inner
   * @param {CuttingTransport} cutter
   */
  constructor(inner, cutter) {
    this.#inner = inner;
    this.#cutter = cutter;
    inner.handler = {
      opened: () => this.handler.opened(),
      received: (chunk) => this.#received(chunk),
      ended: () => this.handler.ended(),
      closed: (error) => this.handler.closed(error),
    };
  }

  get remoteAddress() {
    return this.#inner.remoteAddress;
  }

  /**
   * @param {readonly Uint8Array[]} chunks
   * @param {() => void} done
   */
  write(chunks, done) {
    if (this.#isCut) {
      setImmediate(done);
      return;
    }
    const length = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const room = this.#cutter.pass(length);
    if (room === length) {
      this.#inner.write(chunks, done);
      return;
    }
    this.#isCut = true;
    const head = Buffer.concat(chunks).subarray(0, room);
    this.#inner.write([head], () => {
      done();
      this.#inner.destroy();
    });
  }

  end() {
    this.#inner.end();
  }

  destroy() {
    this.#inner.destroy();
  }

  pause() {
    this.#inner.pause();
  }

  resume() {
    this.#inner.resume();
  }

  /** @param {Uint8Array} chunk */
  #received(chunk) {
    if (this.#isCut) return;
    const room = this.#cutter.pass(chunk.byteLength);
    if (room === chunk.byteLength) {
      this.handler.received(chunk);
      return;
    }
    this.#isCut = true;
    if (room > 0) this.handler.received(chunk.subarray(0, room));
    this.#inner.destroy();
  }
}
