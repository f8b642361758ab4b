/** `rds ping`, against nodes of this process. */

import { describe, expect, test } from 'vitest';
import { PingSummary } from '../../src/cli/ping-summary.js';
import { hasManyLoopbacks, loopback, openNode } from '../nodes.js';
import { Rds, rds } from './rds.js';

describe.skipIf(!hasManyLoopbacks)('rds ping', () => {
  test('prints each round trip and a summary', async () => {
    const node = await openNode({ address: loopback(41) });
    const port = String(node.tcpPort);
    const from = loopback(42);
    const args = ['-c', '3', '-i', '10ms', '-I', from, '--tcp-port', port, node.address];
    const { code, stdout, stderr } = await rds('ping', ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    for (const number of [1, 2, 3])
      expect(stdout).toMatch(new RegExp(`^   ${number}: \\d+ usec$`, 'm'));
    expect(lines.slice(3, 5)).toEqual([`--- ${node.address} ---`, '3 sent, 3 received, 0% lost']);
    expect(lines[5]).toMatch(/^round trip: least \d+, mean \d+, greatest \d+ usec$/);
    expect(node.info().counters).toMatchObject({ recv_ping: expect.any(Number) });
    expect(node.info().counters.recv_ping).toBeGreaterThanOrEqual(3);
  });

  test('pings the node of its own address, on another TCP port', async () => {
    const node = await openNode({ address: loopback(43) });
    const own = ['-I', node.address, '--tcp-port', String(node.tcpPort)];
    expect(await rds('ping', '-c', '1', ...own, node.address)).toMatchObject({ code: 0 });
  });

  test('fails without a reply', async () => {
    const args = ['-c', '2', '-i', '10ms', '-W', '100ms', '-I', loopback(44), '--tcp-port', '7001'];
    const { code, stdout } = await rds('ping', ...args, loopback(45));
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^ {3}1: no reply\n {3}2: no reply\n---.*\n2 sent, 0 received, 100% lost\n$/,
    );
  });

  test('says what to do if its TCP port is taken', async () => {
    const node = await openNode({ address: loopback(46) });
    const args = ['-I', node.address, '--tcp-port', String(node.tcpPort)];
    const { code, stderr } = await rds('ping', '-c', '1', ...args, loopback(47));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rds ping: a node of another process.* listens on .*--listen 0.*\n$/);
  });

  test('refuses to mix IPv4 and IPv6', async () => {
    const { code, stderr } = await rds('ping', '-I', loopback(48), '--listen', '0', '::1');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rds ping: EOPNOTSUPP: .*\n$/);
  });

  test.skipIf(process.platform === 'win32')('Ctrl-C ends it with the summary', async () => {
    const node = await openNode({ address: loopback(49) });
    const own = ['-I', loopback(50), '--tcp-port', String(node.tcpPort)];
    const ping = new Rds(['ping', '-i', '10ms', ...own, node.address]);
    await ping.printed(/ 3: \d+ usec/);
    ping.process.kill('SIGINT');
    const { code, stdout } = await ping.ended();
    expect(code).toBe(0);
    expect(stdout).toMatch(/0% lost\nround trip/);
  });
});

test('a summary', () => {
  const summary = new PingSummary();
  expect(summary.text('10.0.0.1')).toBe('--- 10.0.0.1 ---\n0 sent, 0 received, 0% lost\n');
  summary.sent = 3;
  summary.add(0.5);
  summary.add(1.5);
  expect(summary.text('10.0.0.1')).toBe(
    '--- 10.0.0.1 ---\n3 sent, 2 received, 33% lost\n' +
      'round trip: least 500, mean 1000, greatest 1500 usec\n',
  );
});
