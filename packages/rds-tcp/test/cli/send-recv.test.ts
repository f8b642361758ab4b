/** `rds send` and `rds recv`: datagrams from stdin to stdout. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually, hasManyLoopbacks, loopback, openNode } from '../nodes.js';
import { useRuntimeFolder } from './inspected.js';
import { Rds, rds } from './rds.js';

/** No other test has these addresses, so the port is free. */
const PORT = ['--tcp-port', '7001'];
const TO = `${loopback(62)}:4000`;
const FROM = ['--from', loopback(61)];

const send = (...args: string[]): Rds => new Rds(['send', ...FROM, ...PORT, ...args]);
const recv = (...args: string[]): Rds => new Rds(['recv', ...PORT, ...args]);

describe.skipIf(!hasManyLoopbacks)('rds send and rds recv', () => {
  test('carry lines, in order, however many', async () => {
    const lines = Array.from({ length: 20_000 }, (_, n) => `line ${n}`).concat('', 'last');
    const receiver = recv('-c', String(lines.length), TO);
    const sender = send(TO).input(lines.join('\n'));
    const received = await receiver.ended();
    expect(received.code).toBe(0);
    expect(received.stdout === `${lines.join('\n')}\n`).toBe(true);
    expect(await sender.ended()).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('wait for receipts, and show the sender', async () => {
    const receiver = recv('-c', '2', '--source', TO);
    const sender = send('--until', 'delivered', TO).input('one\ntwo\n');
    const from = loopback(61).replaceAll('.', '\\.');
    const expected = new RegExp(`^${from}:\\d+ one\n${from}:\\d+ two\n$`);
    expect((await receiver.ended()).stdout).toMatch(expected);
    expect(await sender.ended()).toMatchObject({ code: 0, stderr: '' });
  });

  test('carry any bytes behind their length', async () => {
    const records = [
      Buffer.from('a\nb'),
      Buffer.alloc(0),
      Buffer.from([0, 10, 255]),
      bytes(70_000),
    ];
    const stream = Buffer.concat(
      records.flatMap((record) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(record.byteLength);
        return [length, record];
      }),
    );
    const receiver = recv('--length-prefixed', '-c', '4', TO);
    const sender = send('--length-prefixed', TO).input(stream);
    expect((await receiver.ended()).code).toBe(0);
    expect(receiver.bytes.equals(stream)).toBe(true);
    expect((await sender.ended()).code).toBe(0);
  });

  test('carry whole files, and all of stdin', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rds-send-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const large = bytes(2_000_000);
    writeFileSync(join(folder, 'large'), large);
    writeFileSync(join(folder, 'small'), 'small\n');
    const limit = ['--max-message', '2000000'];
    const receiver = recv('--whole', '-c', '3', ...limit, TO);
    const files = send(...limit, TO, join(folder, 'large'), join(folder, 'small'));
    expect((await files.ended()).code).toBe(0);
    const stdin = send('--whole', TO).input('two\nlines');
    expect((await stdin.ended()).code).toBe(0);
    expect((await receiver.ended()).code).toBe(0);
    const expected = Buffer.concat([large, Buffer.from('small\ntwo\nlines')]);
    expect(receiver.bytes.equals(expected)).toBe(true);
  });

  test('use IPv6 in brackets', async () => {
    const receiver = new Rds(['recv', '-c', '1', '--tcp-port', '7166', '[::1]:4000']);
    const sender = new Rds(['send', '--tcp-port', '7166', '[::1]:4000']).input('six\n');
    expect(await receiver.ended()).toMatchObject({ code: 0, stdout: 'six\n' });
    expect((await sender.ended()).code).toBe(0);
  });

  test('a socket that is not there fails a send that asks for receipts, and no other', async () => {
    const node = await openNode({ address: loopback(63), tcpPort: 7001 });
    const to = `${node.address}:4000`;
    const asking = await send('--until', 'delivered', to).input('x\n').ended();
    expect(asking.code).toBe(1);
    expect(asking.stderr).toMatch(/^rds send: ECONNREFUSED: .*\n$/);
    expect((await send(to).input('x\n').ended()).code).toBe(0);
    expect(node.info().counters.recv_drop_no_sock).toBe(2);
  });

  test('a peer that is not there ends a send with --timeout', async () => {
    const { code, stderr } = await send('--timeout', '0.2', `${loopback(64)}:4000`)
      .input('1\n2\n')
      .ended();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rds send: ETIMEDOUT: .*; 2 datagrams are not acknowledged\n$/);
  });

  test('what came before a line that is too long is sent', async () => {
    const receiver = recv('-c', '1', TO);
    const sender = send('--max-message', '10', TO).input('short\nmuch too long for it\n');
    expect((await receiver.ended()).stdout).toBe('short\n');
    const { code, stderr } = await sender.ended();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rds send: line 2 has more than 10 bytes.*\n$/);
  });

  test('a file that is too large is named', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rds-send-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'large');
    writeFileSync(file, 'eleven byte');
    const { code, stderr } = await send('--max-message', '10', TO, file).ended();
    expect(code).toBe(1);
    expect(stderr).toMatch(`rds send: ${file} has more than 10 bytes`);
    const directory = await send(TO, folder).ended();
    expect(directory).toMatchObject({ code: 1, stderr: `rds send: ${folder} is a directory\n` });
  });

  test('a send that fails leaves nothing behind in its peer', async () => {
    const node = await openNode({ address: loopback(63), tcpPort: 7001 });
    const to = `${node.address}:4000`;
    const { code } = await send('--until', 'delivered', to).input('x\n').ended();
    expect(code).toBe(1);
    await eventually(() => expect(node.info().connections).toEqual([]));
  });

  test.skipIf(process.platform === 'win32')('with --inspector, rds info sees it', async () => {
    useRuntimeFolder();
    const receiver = recv('-c', '1', '--inspector', TO);
    await eventually(async () => {
      const { stdout } = await rds('info', '-k');
      expect(stdout).toContain(`${loopback(62)}  4000`);
    });
    await send(TO).input('x\n').ended();
    expect(await receiver.ended()).toMatchObject({ code: 0, stdout: 'x\n' });
  });

  test('a file that is not there is said', async () => {
    const { code, stderr } = await send(TO, '/nowhere/at/all').ended();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rds send: ENOENT: .*\n$/);
  });

  test.skipIf(process.platform === 'win32')('Ctrl-C ends both', async () => {
    const node = await openNode({ address: loopback(65), tcpPort: 7001 });
    const counted = recv('-c', '2', TO);
    const endless = new Rds(['recv', '--tcp-port', '7002', TO]);
    await counted.printed(/^$/);
    const socket = node.bind();
    await socket.sendmsg('1', { address: loopback(62), port: 4000 });
    await counted.printed(/^1\n$/);
    counted.process.kill('SIGINT');
    expect((await counted.ended()).code).toBe(130);
    await socket.sendmsg('1', { address: loopback(62), port: 4000, tcpPort: 7002 });
    await endless.printed(/^1\n$/);
    endless.process.kill('SIGINT');
    expect((await endless.ended()).code).toBe(0);

    const sender = send(`${loopback(66)}:4000`);
    sender.process.stdin.write('never\n');
    // Its node listens once it is open; then the line waits for a peer that is not there.
    await node.bind().waitWritable({ address: loopback(61), port: 2 });
    await node.ping(loopback(61), { timeoutMs: 10_000 });
    sender.process.kill('SIGINT');
    const { code, stderr } = await sender.ended();
    expect(code).toBe(130);
    expect(stderr).toMatch(/^rds send: interrupted/);
  });

  test('a reader that leaves ends recv, quietly', async () => {
    const receiver = recv(TO);
    const sender = send(TO);
    sender.process.stdin.write('1\n');
    await receiver.printed(/1\n/);
    receiver.process.stdout.destroy();
    // Written to nobody, which is noticed by writing.
    sender.process.stdin.write('2\n3\n');
    expect(await receiver.ended()).toMatchObject({ code: 0, stderr: '' });
  });

  test('an address that is not of this machine', async () => {
    const { code, stderr } = await rds('recv', '192.0.2.1:4000');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rds recv: EADDRNOTAVAIL: .*\n$/);
  });
});

function bytes(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, n) => (n * 7919) >> 3));
}
