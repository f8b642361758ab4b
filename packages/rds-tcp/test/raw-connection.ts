/**
 * RawConnection: a TCP connection to a node, or from it, in the hands of a test: it writes what no
 * node would write, and reads frame by frame.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { RDS_TCP_PORT, type RdsNode } from 'rds-tcp';
import { onTestFinished } from 'vitest';
import { decodeFrame, encodeFrame, type Frame, type FrameFields, HEADER_BYTES } from './frames.js';
import { eventually } from './nodes.js';

export class RawConnection {
  readonly socket: Socket;
  /** Read and not yet taken as a frame. */
  bytes: Buffer = Buffer.alloc(0);
  /** The other end has said that no more will come, or is gone. */
  isOver = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
    });
    const over = (): void => {
      this.isOver = true;
    };
    // Being reset is what these connections are for.
    socket.on('error', over).on('end', over).on('close', over);
    onTestFinished(() => void socket.destroy());
  }

  /** Connects to a node from the address `from`. */
  static async dial(node: RdsNode, from: string): Promise<RawConnection> {
    const { address: host, tcpPort: port } = node;
    const socket = connect({ host, port, localAddress: from, allowHalfOpen: true });
    const connection = new RawConnection(socket);
    await once(socket, 'connect');
    return connection;
  }

  write(...pieces: (Buffer | FrameFields | string)[]): void {
    const buffers = pieces.map((piece) =>
      typeof piece === 'string' || Buffer.isBuffer(piece) ? Buffer.from(piece) : encodeFrame(piece),
    );
    this.socket.write(Buffer.concat(buffers));
  }

  /** The next frame, whatever it is. */
  nextFrame(): Promise<Frame> {
    return eventually(() => {
      const frame = decodeFrame(this.bytes);
      if (frame === null) throw new Error(`No frame came, only ${this.bytes.length} bytes.`);
      this.bytes = this.bytes.subarray(HEADER_BYTES + frame.payload.length);
      return frame;
    });
  }

  /** The next frame that is as wanted; those before it are dropped. */
  async frameWhere(wanted: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const frame = await this.nextFrame();
      if (wanted(frame)) return frame;
    }
  }

  /** Resolves when the node has closed the connection. */
  async over(): Promise<void> {
    await eventually(() => {
      if (!this.isOver) throw new Error('The connection is still open.');
    });
  }

  /** Closes with a reset, as a process does that dies with bytes unread. */
  reset(): void {
    this.socket.resetAndDestroy();
  }
}

/** Listens where a Linux peer would, and hands over who comes. */
export class RawListener {
  readonly #server: Server;
  readonly #arrived: RawConnection[] = [];
  /** Connections accepted so far. */
  count = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.count++;
      this.#arrived.push(new RawConnection(socket));
    });
  }

  static async open(address: string, tcpPort = RDS_TCP_PORT): Promise<RawListener> {
    const server = createServer({ allowHalfOpen: true });
    const listener = new RawListener(server);
    server.listen(tcpPort, address);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return listener;
  }

  /** The next one who came. */
  accepted(): Promise<RawConnection> {
    return eventually(() => {
      const connection = this.#arrived.shift();
      if (connection === undefined) throw new Error('Nobody came.');
      return connection;
    });
  }

  close(): void {
    this.#server.close();
  }
}
