/** rds-tcp/prometheus: what is scraped is the text format, and says what the snapshot says. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ConnectionInfo, NodeInfo, RdsNode } from 'rds-tcp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Stats } from '../../rds-core/src/stats.js';
import { COUNTER_HELP } from '../src/counter-help.js';
import { PROMETHEUS_CONTENT_TYPE, prometheusHandler, prometheusText } from '../src/prometheus.js';
import { openNodes } from './nodes.js';

/** Two nodes of which one has sent the other three bytes, which nobody has read. */
async function talked(): Promise<[RdsNode, RdsNode]> {
  const [a, b] = await openNodes(2);
  b.bind(5000);
  const to = { address: b.address, port: 5000, tcpPort: b.tcpPort };
  await a.bind(4000).sendmsg('abc', to, { until: 'delivered' });
  return [a, b];
}

const nameOf = ({ address, tcpPort }: RdsNode) => `${address}:${tcpPort}`;

describe('the text', () => {
  test('has every counter, with help and type', () => {
    const counted = Object.entries(new Stats()).filter(([, value]) => typeof value === 'number');
    expect(Object.keys(COUNTER_HELP).sort()).toEqual(counted.map(([name]) => name).sort());
  });

  test('says of each node, peer and socket what the snapshot says', async () => {
    const [a, b] = await talked();
    const text = prometheusText(a, b);
    expect(text).toContain(
      [
        '# HELP rds_send_queued_total Messages accepted for sending',
        '# TYPE rds_send_queued_total counter',
        `rds_send_queued_total{node="${nameOf(a)}"} 1`,
        `rds_send_queued_total{node="${nameOf(b)}"} 0`,
        '',
      ].join('\n'),
    );
    const has = (line: string) => expect(text.split('\n')).toContain(line);
    has(`rds_copy_from_user_bytes_total{node="${nameOf(a)}"} 3`);
    has(`rds_connection_up{node="${nameOf(a)}",peer="${nameOf(b)}"} 1`);
    has(`rds_connection_tx_messages_total{node="${nameOf(a)}",peer="${nameOf(b)}"} 1`);
    has(`rds_connection_rx_messages_total{node="${nameOf(b)}",peer="${nameOf(a)}"} 1`);
    has(`rds_connection_silent_seconds{node="${nameOf(a)}",peer="${nameOf(b)}"} 0`);
    has(`rds_socket_receive_queue_messages{node="${nameOf(b)}",port="5000"} 1`);
    has(`rds_receive_queue_bytes{node="${nameOf(b)}"} 64`);
    has(`rds_sockets{node="${nameOf(a)}"} 1`);
  });

  test('is in the format, line by line', async () => {
    const [a] = await talked();
    const lines = prometheusText(a).split('\n');
    expect(lines.pop()).toBe('');
    const name = '[a-z][a-z0-9_]*';
    const label = `${name}="(?:[^"\\\\\\n]|\\\\["\\\\n])*"`;
    const sample = new RegExp(`^${name}\\{${label}(?:,${label})*\\} \\d+(?:\\.\\d+)?$`);
    const comment = new RegExp(`^# (?:HELP ${name} .+|TYPE ${name} (?:counter|gauge))$`);
    expect(lines.filter((line) => !sample.test(line) && !comment.test(line))).toEqual([]);
    const types = lines.filter((line) => line.startsWith('# TYPE'));
    expect(new Set(types).size).toBe(types.length);
  });

  test('has a reason per closed connection, brackets around IPv6, and escapes', () => {
    const connection = { address: 'fe80::"\\\n', tcpPort: 7, congestedPorts: [] };
    const info = {
      address: '::1',
      tcpPort: 16_385,
      sockets: [],
      connections: [connection as unknown as ConnectionInfo],
      queuedBytes: 0,
      nowMs: 0,
      counters: { tcp_closed_peer_closed: 2 },
    } satisfies NodeInfo;
    const text = prometheusText({ info: () => info });
    expect(text).toContain('rds_tcp_closed_total{node="[::1]:16385",reason="peer-closed"} 2\n');
    expect(text).toContain('{node="[::1]:16385",peer="[fe80::\\"\\\\\\n]:7"}');
  });

  test('of no node is empty', () => {
    expect(prometheusText()).toBe('');
  });
});

describe('the handler', () => {
  async function serve(...nodes: RdsNode[]): Promise<string> {
    const server = createServer(prometheusHandler(...nodes));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  }

  test('answers a scrape', async () => {
    const [a, b] = await talked();
    const response = await fetch(await serve(a, b));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(PROMETHEUS_CONTENT_TYPE);
    expect(await response.text()).toContain(`rds_send_acked_total{node="${nameOf(a)}"} 1\n`);
  });

  test.each([
    ['HEAD', 200, true],
    ['POST', 405, false],
  ])('answers %s with %d and no body', async (method, status, hasLength) => {
    const [a] = await talked();
    const response = await fetch(await serve(a), { method });
    expect(response.status).toBe(status);
    expect(await response.text()).toBe('');
    expect(Number(response.headers.get('content-length')) > 0).toBe(hasLength);
  });
});
