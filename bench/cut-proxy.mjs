// Stands between sender and receiver, so that the connection of any contender can be cut in the
// same way: a reset to both, whatever is under way. New connections go through at once.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class CutProxy {
  #server;
  #to;
  /** @type {Set<import('node:net').Socket>} */
  #sockets = new Set();

  /** @param {import('./contender.mjs').Where} to */
  constructor(to) {
    this.#to = to;
    this.#server = createServer({ noDelay: true }, (socket) => this.#join(socket));
  }

  /** @param {import('./contender.mjs').Where} to has a `port`, and a `host` if not 127.0.0.1 */
  static async open(to) {
    const proxy = new CutProxy(to);
    proxy.#server.listen({ host: proxy.#host, port: 0 });
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** Where the receiver seems to be; `viaPort` for those who must know the difference. */
  get where() {
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    const seen = this.#to.host === undefined ? { port } : {};
    return { ...this.#to, ...seen, viaPort: port };
  }

  /** Cuts all connections; false if there is none. */
  cut() {
    if (this.#sockets.size === 0) return false;
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#sockets.clear();
    return true;
  }

  async close() {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get #host() {
    return String(this.#to.host ?? '127.0.0.1');
  }

  /** @param {import('node:net').Socket} dialler */
  #join(dialler) {
    const listener = connect({
      host: this.#host,
      port: Number(this.#to.port),
      // A node is known by the address it dials from.
      localAddress: dialler.remoteAddress ?? '',
      noDelay: true,
    });
    this.#pass(dialler, listener);
    this.#pass(listener, dialler);
  }

  /**
   * @param {import('node:net').Socket} source
   * @param {import('node:net').Socket} sink
   */
  #pass(source, sink) {
    this.#sockets.add(source);
    source.pipe(sink);
    source.on('error', () => sink.destroy());
    source.on('close', () => {
      this.#sockets.delete(source);
      sink.destroy();
    });
  }
}
