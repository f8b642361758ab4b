/** diagnostics_channel: what happens to any node of the process is heard by who subscribes. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect, Server } from 'node:net';
import type { AcceptFailedMessage, DiagnosticsMessage, NodeEvents } from 'rds-tcp';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openNode, openNodes } from './nodes.js';

/** All that is published on a channel until the test is over. */
function heardOn<T>(name: string): T[] {
  const heard: T[] = [];
  const hear = (message: unknown) => void heard.push(message as T);
  subscribe(name, hear);
  onTestFinished(() => void unsubscribe(name, hear));
  return heard;
}
const events = <T extends keyof NodeEvents>(name: T) =>
  heardOn<DiagnosticsMessage<T>>(`rds-tcp:${name}`);

describe('channels', () => {
  test('tell of connections, congestion and restarts, with the node', async () => {
    const connections = events('connection');
    const congestion = events('congestion');
    const [a, b] = await openNodes(2);
    const bob = b.bind({ port: 5000, receiveBufferBytes: 1000 });
    const to = { address: b.address, port: 5000, tcpPort: b.tcpPort };
    const alice = a.bind();
    await alice.sendmsg(new Uint8Array(2000), to, { until: 'delivered' });
    const isUp = { type: 'up', peer: 'rds-tcp', address: b.address, tcpPort: b.tcpPort };
    await vi.waitFor(() => {
      expect(connections).toContainEqual({ node: a, event: isUp });
      expect(congestion).toContainEqual({
        node: b,
        event: { type: 'local', port: 5000, congested: true },
      });
      const at = { address: b.address, tcpPort: b.tcpPort };
      expect(congestion).toContainEqual({
        node: a,
        event: { type: 'remote', ...at, ports: [5000] },
      });
    });
    expect(bob.recvmmsg()).toHaveLength(1);
  });

  test('tell of messages whose outcome is unknown', async () => {
    const uncertain = events('uncertain');
    const [a, b] = await openNodes(2);
    const bob = b.bind(5000);
    const to = { address: b.address, port: 5000, tcpPort: b.tcpPort };
    const alice = a.bind(4000);
    await alice.sendmsg('first', to, { until: 'delivered' });
    // The message is read and the process gone before it could acknowledge.
    bob.on('message', () => void b.destroy());
    await alice.sendmsg('last', to);
    await vi.waitFor(() => expect(b.isClosed).toBe(true));
    await openNode({ address: b.address, tcpPort: b.tcpPort });
    await vi.waitFor(() => expect(uncertain).toHaveLength(1));
    const [{ node, event }] = uncertain as [DiagnosticsMessage<'uncertain'>];
    expect(node).toBe(a);
    expect(event.messages.map(({ sport, to }) => [sport, to.port])).toEqual([[4000, 5000]]);
  });

  test('are not published to when nobody subscribes any more', async () => {
    const heard = vi.fn();
    subscribe('rds-tcp:connection', heard);
    unsubscribe('rds-tcp:connection', heard);
    const [a, b] = await openNodes(2);
    await a.ping({ address: b.address, tcpPort: b.tcpPort });
    expect(heard).not.toHaveBeenCalled();
  });

  test('tell that a connection could not be accepted, and the node goes on', async () => {
    const failures = heardOn<AcceptFailedMessage>('rds-tcp:accept-failed');
    const servers: Server[] = [];
    const listen = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (
      this: Server,
      ...args: unknown[]
    ) {
      servers.push(this);
      listen.mockRestore();
      return this.listen(...(args as [number]));
    });
    const node = await openNode();
    const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
    servers[0]?.emit('error', error);
    const { address, tcpPort } = node;
    expect(failures).toEqual([{ address, tcpPort, error }]);
    const socket = connect(tcpPort, address);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.destroy();
  });
});
