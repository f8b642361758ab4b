/** The inspector: who may look into a node, and what becomes of its socket. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RdsNode } from 'rds-tcp';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { InspectorClient } from '../src/inspector/client.js';
import { addressName, liveSockets, ownFolder, socketPath } from '../src/inspector/folder.js';
import type { Reply } from '../src/inspector/protocol.js';
import { openInspected, setEnvironment, useRuntimeFolder } from './cli/inspected.js';
import { loopback } from './nodes.js';

const isPossible = process.platform !== 'win32';

async function clientOf(node: RdsNode): Promise<InspectorClient> {
  const found = (await liveSockets()).find(({ tcpPort }) => tcpPort === node.tcpPort);
  const client = await InspectorClient.connect(found?.path ?? '');
  onTestFinished(() => client.close());
  return client;
}

describe.skipIf(!isPossible)('the socket of an inspector', () => {
  test('is nobody else’s, has a telling name, and goes with the node', async () => {
    const folder = join(useRuntimeFolder(), 'rds-tcp');
    const node = await openInspected();
    const name = `${node.address}_${node.tcpPort}_${process.pid}.sock`;
    expect(readdirSync(folder)).toEqual([name]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    const { address: addressName, tcpPort } = node;
    const path = join(folder, name);
    expect(await liveSockets()).toEqual([{ path, addressName, tcpPort, pid: process.pid }]);
    await node.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is found whether its process had a runtime folder, or who looks', async () => {
    const runtime = useRuntimeFolder();
    const first = await openInspected();
    setEnvironment('XDG_RUNTIME_DIR', '');
    const second = await openInspected({ address: loopback(2) });
    const temporary = join(tmpdir(), `rds-tcp-${process.getuid?.()}`);
    expect(readdirSync(temporary)).toHaveLength(1);
    setEnvironment('XDG_RUNTIME_DIR', runtime);
    const ports = (await liveSockets()).map(({ tcpPort }) => tcpPort);
    expect(ports).toEqual([first.tcpPort, second.tcpPort]);
  });

  test('is in no folder of another user', async () => {
    const folder = useRuntimeFolder();
    const uid = process.getuid?.() ?? 0;
    const processOfUser = process as Required<Pick<typeof process, 'getuid'>>;
    const change = vi.spyOn(processOfUser, 'getuid').mockReturnValue(uid + 1);
    onTestFinished(() => change.mockRestore());
    // As root, by `su` from that user: neither used nor looked into. And nothing is made there.
    mkdirSync(join(folder, 'rds-tcp'), { mode: 0o700 });
    expect(await liveSockets()).toEqual([]);
    expect(() => ownFolder()).toThrow(join(tmpdir(), `rds-tcp-${uid + 1}`));
    change.mockRestore();
    expect(ownFolder()).toBe(join(folder, 'rds-tcp'));
  });

  test('has a name that is short, whatever the address', () => {
    const long = '2001:db8:1234:5678:9abc:def0:1234:5678';
    expect(addressName(long)).toMatch(/^2001~[\da-f]{10}$/);
    expect(addressName(long)).toBe(addressName(long));
    expect(addressName(long.replace(/8$/, '9'))).not.toBe(addressName(long));
    expect(addressName('fd00::1')).toBe('fd00::1');
    expect(addressName('255.255.255.255')).toBe('255.255.255.255');
    // The folder for temporary files of macOS, with a process and a TCP port of most digits.
    const folder = `/var/folders/zz/${'z'.repeat(30)}/T/rds-tcp-501`;
    const path = socketPath(folder, long, 65535).replace(`${process.pid}`, '4194304');
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(103);
  });

  test('is where it was asked for', async () => {
    const path = join(useRuntimeFolder(), 'my.sock');
    const node = await openInspected({ inspector: path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const client = await InspectorClient.connect(path);
    expect((await client.node()).info.tcpPort).toBe(node.tcpPort);
    await node.destroy();
    expect(existsSync(path)).toBe(false);
    client.close();
  });

  test('needs nothing but the folder where it is to be', async () => {
    const folder = join(useRuntimeFolder(), 'app');
    mkdirSync(folder, { mode: 0o700 });
    const before = readdirSync(join(folder, '..'));
    const seen: string[][] = [];
    const watcher = watch(join(folder, '..'), (_, name) => seen.push([name ?? '']));
    onTestFinished(() => watcher.close());
    await openInspected({ inspector: join(folder, 'my.sock') });
    expect(readdirSync(folder)).toEqual(['my.sock']);
    expect(readdirSync(join(folder, '..'))).toEqual(before);
    // Nothing was made beside the folder, not for a moment either.
    expect(seen.flat().filter((name) => name !== 'app')).toEqual([]);
  });

  test('leaves several paths what they are', async () => {
    useRuntimeFolder();
    const node = await openInspected({ paths: 4 });
    const other = await openInspected({ address: loopback(2), paths: 4 });
    const receiver = other.bind(5000);
    const heard: string[] = [];
    receiver.on('message', ({ data, from }) => {
      heard.push(`${from.port} ${new TextDecoder().decode(data)}`);
    });
    const to = { address: other.address, port: 5000, tcpPort: other.tcpPort };
    const sockets = [0, 1, 2, 3, 4, 5, 6, 7].map(() => node.bind());
    for (let n = 0; n < 20; n++) {
      for (const socket of sockets) await socket.sendmsg(`${n}`, to);
      if (n % 5 === 0) node.resetConnection({ address: other.address, tcpPort: other.tcpPort });
    }
    await Promise.all(sockets.map((socket) => socket.flush(undefined, { timeoutMs: 10_000 })));
    const perSocket = sockets.map(({ port }) =>
      heard.filter((line) => line.startsWith(`${port} `)).map((line) => Number(line.split(' ')[1])),
    );
    const all = Array.from({ length: 20 }, (_, n) => n);
    expect(perSocket).toEqual(sockets.map(() => all));
  });

  test('takes the place of one that was left behind', async () => {
    const folder = useRuntimeFolder();
    const path = join(folder, 'my.sock');
    await leaveBehind(path);
    mkdirSync(join(folder, 'rds-tcp'), { mode: 0o700 });
    const other = join(folder, 'rds-tcp', '10.0.0.1_7001_1.sock');
    await leaveBehind(other);
    await openInspected({ inspector: path });
    expect((await (await InspectorClient.connect(path)).node()).pid).toBe(process.pid);
    await openInspected({ address: loopback(2) });
    expect(existsSync(other)).toBe(false);
  });

  test('is refused with a code and a sentence', async () => {
    const folder = useRuntimeFolder();
    const code = async (inspector: unknown) => {
      const opening = openInspected({ inspector } as { inspector: string });
      return opening.then(
        () => 'opened',
        (error) => error.code,
      );
    };
    writeFileSync(join(folder, 'file'), '');
    await openInspected({ inspector: join(folder, 'taken') });
    expect(await code(join(folder, 'taken'))).toBe('EADDRINUSE');
    expect(await code(join(folder, 'file'))).toBe('EADDRINUSE');
    expect(await code(join(folder, 'x'.repeat(100)))).toBe('EINVAL');
    // A short name, but the one that it has at first is not.
    const deep = join(folder, 'y'.repeat(100 - folder.length));
    mkdirSync(deep);
    expect(join(deep, 'x')).toHaveLength(103);
    expect(await code(join(deep, 'x'))).toBe('EINVAL');
    expect(await code(join(folder, 'nowhere', 'x'))).toBe('EIO');
    expect(await code('')).toBe('EINVAL');
    const platform = vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
    expect(await code(true)).toBe('EOPNOTSUPP');
    platform.mockRestore();
    expect(await code(7)).toBe('EINVAL');
    // In a folder that others can enter there may be anything.
    mkdirSync(join(folder, 'rds-tcp'), { recursive: true });
    chmodSync(join(folder, 'rds-tcp'), 0o755);
    expect(await code(true)).toBe('EACCES');
    await expect(liveSockets()).rejects.toMatchObject({ code: 'EACCES' });
    setEnvironment('XDG_RUNTIME_DIR', '');
    const opened = await openInspected({ address: loopback(3) });
    expect(opened.isClosed).toBe(false);
  });
});

describe.skipIf(!isPossible)('an inspector', () => {
  test('shows the node and its messages', async () => {
    useRuntimeFolder();
    const node = await openInspected();
    const client = await clientOf(node);
    node.bind(5000);
    const to = { address: node.address, port: 5000 };
    await node.bind(4000).sendmsg('hello', to, { until: 'delivered' });
    const { pid, info } = await client.node();
    expect(pid).toBe(process.pid);
    expect({ ...info, nowMs: 0 }).toEqual({ ...node.info(), nowMs: 0 });
    expect(await client.messages('receive')).toEqual({
      messages: [
        { localPort: 5000, remoteAddress: node.address, remotePort: 4000, sequence: 0, bytes: 5 },
      ],
      total: 1,
    });
  });

  test.each([
    ['no JSON', 'hello\n'],
    ['JSON that asks nothing', 'null\n'],
    ['an unknown question', '{"ask":"everything"}\n'],
    ['an unknown queue', '{"ask":"messages","queue":"lost"}\n'],
    ['a length that is none', '{"ask":"tap","snapBytes":-2}\n'],
    ['a line without an end', `{"ask":"${'x'.repeat(5000)}`],
  ])('turns %s away', async (_, text) => {
    useRuntimeFolder();
    await openInspected();
    const [found] = await liveSockets();
    const { replies } = await talk(found?.path ?? '', text);
    expect(replies).toEqual([{ error: expect.any(String) }]);
  });

  test('talks with 16 at the same time', async () => {
    useRuntimeFolder();
    await openInspected();
    const [found] = await liveSockets();
    const ask = async () => {
      const client = await InspectorClient.connect(found?.path ?? '');
      onTestFinished(() => client.close());
      await client.node();
    };
    for (let n = 0; n < 16; n++) await ask();
    await expect(ask()).rejects.toThrow('too many');
  });

  test('answers as fast as answers are taken, and no faster', async () => {
    useRuntimeFolder();
    const node = await openInspected();
    for (let port = 3000; port < 4000; port++) node.bind(port);
    const [found] = await liveSockets();
    const socket = connect(found?.path ?? '');
    onTestFinished(() => void socket.destroy());
    socket.pause();
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    // Each reply has 200 KB, so that all of them would be 200 MB.
    socket.write('{"ask":"node"}\n'.repeat(1000));
    for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve));
    const after = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    expect(after - before).toBeLessThan(60e6);
    let lines = 0;
    socket.on('data', (chunk) => {
      for (const byte of chunk as Buffer) if (byte === 10) lines++;
    });
    socket.resume();
    await until(() => lines >= 20);
  });

  test('tells a tool that is too slow what it has missed', async () => {
    useRuntimeFolder();
    const node = await openInspected();
    const other = await openInspected({ address: loopback(2), tcpPort: 0 });
    other.bind(5000).on('message', () => {});
    const to = { address: other.address, port: 5000, tcpPort: other.tcpPort };
    const found = (await liveSockets()).find(({ tcpPort }) => tcpPort === node.tcpPort);
    const socket = connect(found?.path ?? '');
    onTestFinished(() => void socket.destroy());
    const seen = collect(socket);
    socket.write('{"ask":"tap","snapBytes":100000}\n');
    const sender = node.bind();
    const send = (count: number) =>
      Promise.all(Array.from({ length: count }, () => sender.sendmsg(new Uint8Array(50_000), to)));
    await until(async () => {
      await send(1);
      return seen.some((reply) => 'frame' in reply);
    });
    socket.pause();
    await send(400);
    await sender.flush();
    socket.resume();
    await until(() => seen.some((reply) => 'lost' in reply));
    const missed = seen.reduce((sum, reply) => sum + ('lost' in reply ? reply.lost : 0), 0);
    expect(missed).toBeGreaterThan(0);
    // What was kept for it is 8 MiB, in base64.
    const kept = seen.filter((reply) => 'frame' in reply && reply.frame.length === 50_000);
    expect(kept.length).toBeLessThan(300);
    const size = seen.length;
    await send(1);
    await until(() => seen.slice(size).some((reply) => 'frame' in reply));
  });
});

/** What a process that was killed leaves. */
async function leaveBehind(path: string): Promise<void> {
  const { execFileSync } = await import('node:child_process');
  const program = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  try {
    execFileSync(process.execPath, ['-e', program]);
  } catch {
    // It was killed.
  }
  expect(existsSync(path)).toBe(true);
}

async function talk(path: string, text: string): Promise<{ replies: Reply[] }> {
  const socket = connect(path);
  const replies = collect(socket);
  socket.write(text);
  await new Promise((resolve) => socket.on('close', resolve));
  return { replies };
}

function collect(socket: Socket): Reply[] {
  const replies: Reply[] = [];
  let rest = '';
  socket.on('data', (chunk) => {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) replies.push(JSON.parse(line));
  });
  return replies;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 15_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('It did not come about.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
