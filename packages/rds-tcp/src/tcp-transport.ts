/**
 * TcpTransport: the core's Transport on `node:net`. Mirrors net/rds/tcp_connect.c and
 * tcp_listen.c.
 */

import { type AddressInfo, connect, createServer, type OnReadOpts, type Socket } from 'node:net';
import type { Listener, Stream, TcpAddress, Transport } from '@rds-tcp/core';
import { adopt } from './adopt.js';
import { acceptFailed } from './diagnostics.js';
import { TcpStream } from './tcp-stream.js';

/** Connections that wait to be accepted: a mesh of 1,000 peers may call at once. */
const BACKLOG = 1024;
/** IANA's dynamic ports: from these we take one where the peer reads something into it. */
const FIRST_PORT = 49_152;
const LAST_PORT = 65_535;
/** The TCP port modulo this tells the path. */
const LANES = 8;
const PORTS_PER_LANE = (LAST_PORT + 1 - FIRST_PORT) / LANES;

/** A TCP connection, as the operating system sees it. */
export interface TcpConnectionInfo {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly bytesWritten: number;
  readonly bytesRead: number;
  /** Written, and not yet taken by the operating system. */
  readonly unwrittenBytes: number;
}

/** TCP by `node:net`: the Transport of `createNode`. */
export class TcpTransport implements Transport {
  readonly #sockets = new Set<Socket>();
  #nextPort = Math.floor(Math.random() * PORTS_PER_LANE);

  /** The connections that are open now, in either direction. */
  connections(): TcpConnectionInfo[] {
    const open = [...this.#sockets].filter(({ remotePort }) => remotePort !== undefined);
    return open.map((socket) => ({
      localAddress: socket.localAddress ?? '',
      localPort: socket.localPort ?? 0,
      remoteAddress: socket.remoteAddress ?? '',
      remotePort: socket.remotePort ?? 0,
      bytesWritten: socket.bytesWritten,
      bytesRead: socket.bytesRead,
      unwrittenBytes: socket.writableLength,
    }));
  }

  listen(local: TcpAddress, onStream: (stream: Stream) => void): Promise<Listener> {
    const options = { allowHalfOpen: true, pauseOnConnect: true };
    const server = createServer(options, (accepted) => {
      const { remoteAddress = '' } = accepted;
      onStream(this.#stream((onread) => adopt(accepted, onread), remoteAddress));
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      const { address: host, tcpPort: port } = local;
      server.listen({ host, port, backlog: BACKLOG }, () => {
        server.off('error', reject);
        const { port: tcpPort } = server.address() as AddressInfo;
        // Past this point only accepting can fail (no file descriptor is free); the peer will
        // call again, and the listener stays.
        server.on('error', (error) => acceptFailed({ address: host, tcpPort, error }));
        resolve({
          tcpPort,
          close: () => new Promise<void>((closed) => server.close(() => closed())),
        });
      });
    });
  }

  connect(local: TcpAddress, remote: TcpAddress, lane?: number): Stream {
    const options = {
      host: remote.address,
      port: remote.tcpPort,
      localAddress: local.address,
      ...(lane !== undefined && { localPort: this.#portOf(lane) }),
      allowHalfOpen: true,
    };
    return this.#stream((onread) => connect({ ...options, onread }), remote.address);
  }

  #stream(open: (onread: OnReadOpts) => Socket, remoteAddress: string): TcpStream {
    const openNoted = (onread: OnReadOpts): Socket => {
      const socket = open(onread);
      this.#sockets.add(socket);
      return socket.once('close', () => this.#sockets.delete(socket));
    };
    return new TcpStream(openNoted, remoteAddress);
  }

  /** Each time another: if somebody has it, the dial fails, and the next one takes the next. */
  #portOf(lane: number): number {
    this.#nextPort = (this.#nextPort + 1) % PORTS_PER_LANE;
    return FIRST_PORT + this.#nextPort * LANES + lane;
  }
}
