/** `rds ping`, against nodes of this process. */

import { describe, expect, test } from 'vitest';
import { PingSummary } from '../../src/cli/ping-summary.js';
import { eventually, hasManyLoopbacks, loopback, openNode } from '../nodes.js';
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
    expect(lines[0]).toMatch(/^ {3}1: \d+ usec, with connecting$/);
    for (const number of [2, 3])
      expect(stdout).toMatch(new RegExp(`^   ${number}: \\d+ usec`, 'm'));
    expect(lines.slice(3, 5)).toEqual([`--- ${node.address} ---`, '3 sent, 3 received, 0% lost']);
    expect(lines[5]).toMatch(/^round trip: least \d+, mean \d+, greatest \d+ usec$/);
    expect(node.info().counters).toMatchObject({ recv_ping: expect.any(Number) });
    expect(node.info().counters.recv_ping).toBeGreaterThanOrEqual(3);
  });

  test('leaves nothing behind in the node that answers', async () => {
    const node = await openNode({ address: loopback(48) });
    const args = ['--tcp-port', String(node.tcpPort), '--listen', '0', '-I', loopback(51)];
    expect(await rds('ping', '-c', '1', ...args, node.address)).toMatchObject({ code: 0 });
    await eventually(() => expect(node.info().connections).toEqual([]));
  });

  test('pings the node of its own address, on another TCP port', async () => {
    const node = await openNode({ address: loopback(43) });
    const own = ['-I', node.address, '--tcp-port', String(node.tcpPort)];
    expect(await rds('ping', '-c', '1', ...own, node.address)).toMatchObject({ code: 0 });
  });

  test('knows an address in whatever spelling', async () => {
    const node = await openNode({ address: loopback(54) });
    const own = ['-I', `::ffff:${loopback(55)}`, '--tcp-port', String(node.tcpPort)];
    const ping = new Rds(['ping', '-i', '10ms', ...own, `::FFFF:${node.address}`]);
    // It finds the connection that the first has made.
    await ping.printed(/^ +\d+: \d+ usec$/m);
    ping.process.kill('SIGINT');
    const { code, stdout } = await ping.ended();
    expect(code).toBe(0);
    expect(stdout).toContain(`--- ${node.address} ---`);
    // On the same address it takes another TCP port by itself.
    const same = ['-I', `::ffff:${node.address}`, '--tcp-port', String(node.tcpPort)];
    expect(await rds('ping', '-c', '1', ...same, node.address)).toMatchObject({ code: 0 });
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
    expect(stdout).toMatch(/0% lost.*\nround trip/);
  });

  test.skipIf(process.platform === 'win32')('one that waits says so, and counts', async () => {
    const own = ['-I', loopback(52), '--tcp-port', '7001'];
    const ping = new Rds(['ping', '-i', '60', '-W', '60', ...own, loopback(53)]);
    await ping.printed(/^ {3}1: no reply yet\n$/);
    ping.process.kill('SIGINT');
    const { code, stdout } = await ping.ended();
    expect(code).toBe(1);
    expect(stdout).toMatch(/\n1 sent, 0 received, 100% lost\n$/);
  });
});

test('a summary', () => {
  const summary = new PingSummary();
  expect(summary.text('10.0.0.1')).toBe('--- 10.0.0.1 ---\n0 sent, 0 received, 0% lost\n');
  summary.sent = 4;
  summary.underWay = 1;
  expect(summary.text('10.0.0.1')).toMatch(/\n4 sent, 0 received, 100% lost, 1 under way\n$/);
  summary.add(9, true);
  expect(summary.text('10.0.0.1')).toMatch(
    /67% lost.*\nround trip, with connecting: least 9000, mean 9000, greatest 9000 usec\n$/,
  );
  // Its mean would say little of the others.
  summary.add(1.5, false);
  expect(summary.text('10.0.0.1')).toBe(
    '--- 10.0.0.1 ---\n4 sent, 2 received, 33% lost, 1 under way\n' +
      'round trip: least 1500, mean 1500, greatest 1500 usec\n',
  );
});
