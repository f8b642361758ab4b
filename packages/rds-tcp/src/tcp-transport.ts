/**
 * TcpTransport: the core's Transport on `node:net`. Mirrors net/rds/tcp_connect.c and
 * tcp_listen.c.
 */

import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Listener, Stream, TcpAddress, Transport } from '@rds-tcp/core';
import { acceptFailed } from './diagnostics.js';
import { TcpStream } from './tcp-stream.js';

/** Connections that wait to be accepted: a mesh of 1,000 peers may call at once. */
const BACKLOG = 1024;

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

export class TcpTransport implements Transport {
  readonly #sockets = new Set<Socket>();

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
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      onStream(this.#stream(socket, socket.remoteAddress ?? ''));
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

  connect(local: TcpAddress, remote: TcpAddress): Stream {
    const socket = connect({
      host: remote.address,
      port: remote.tcpPort,
      localAddress: local.address,
      allowHalfOpen: true,
    });
    return this.#stream(socket, remote.address);
  }

  #stream(socket: Socket, remoteAddress: string): TcpStream {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return new TcpStream(socket, remoteAddress);
  }
}
