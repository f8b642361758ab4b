/**
 * TcpTransport: the core's Transport on `node:net`. Mirrors net/rds/tcp_connect.c and
 * tcp_listen.c.
 */

import { type AddressInfo, connect, createServer } from 'node:net';
import type { Listener, Stream, TcpAddress, Transport } from '@rds-tcp/core';
import { TcpStream } from './tcp-stream.js';

/** Connections that wait to be accepted: a mesh of 1,000 peers may call at once. */
const BACKLOG = 1024;

export class TcpTransport implements Transport {
  listen(local: TcpAddress, onStream: (stream: Stream) => void): Promise<Listener> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      onStream(new TcpStream(socket, socket.remoteAddress ?? ''));
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      const { address: host, tcpPort: port } = local;
      server.listen({ host, port, backlog: BACKLOG }, () => {
        server.off('error', reject);
        // Past this point only accepting can fail (no file descriptor is free); the peer will
        // call again, and the listener stays.
        server.on('error', () => {});
        resolve({
          tcpPort: (server.address() as AddressInfo).port,
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
    return new TcpStream(socket, remote.address);
  }
}
