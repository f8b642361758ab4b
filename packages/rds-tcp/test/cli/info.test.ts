/** `rds info` and `rds top`: running nodes, in the columns of rds-info and live. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { NodeInfo } from 'rds-tcp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { viewAsText } from '../../src/cli/info-text.js';
import { compact, topText } from '../../src/cli/top-text.js';
import type { InspectedNode } from '../../src/inspector/protocol.js';
import { Child } from '../child.js';
import { eventually, hasManyLoopbacks, loopback } from '../nodes.js';
import { openInspected, openTalking, useRuntimeFolder } from './inspected.js';
import { Rds, rds } from './rds.js';

const isPossible = hasManyLoopbacks && process.platform !== 'win32';

describe.skipIf(!isPossible)('rds info', () => {
  test('has the sections and columns of rds-info', async () => {
    useRuntimeFolder();
    const { a, b } = await openTalking();
    const { code, stdout } = await rds('info', '--node', b.address);
    expect(code).toBe(0);
    const headings = stdout.match(/^[A-Z].*:$/gm);
    expect(headings).toEqual([
      'TCP Connections:',
      'Counters:',
      'RDS Sockets:',
      'RDS Connections:',
      'Receive Message Queue:',
      'Send Message Queue:',
      'Retransmit Message Queue:',
    ]);
    expect(rowsOf(stdout, 'Counters')).toContainEqual(['recv_queued', '1']);
    expect(rowsOf(stdout, 'RDS Sockets')[0]?.slice(0, 4)).toEqual([
      b.address,
      '5000',
      '0.0.0.0',
      '0',
    ]);
    const [connection] = rowsOf(stdout, 'RDS Connections');
    expect(connection?.slice(0, 3)).toEqual([b.address, `${a.address}:${a.tcpPort}`, '0']);
    expect(connection?.[5]).toBe('--C-');
    const waiting = [b.address, '5000', a.address, '4000', '0', '0', '5'];
    expect(rowsOf(stdout, 'Receive Message Queue')).toEqual([waiting]);
    expect(rowsOf(stdout, 'TCP Connections')).toHaveLength(1);
  });

  test('shows the queues of a sender that waits', async () => {
    useRuntimeFolder();
    const node = await openInspected();
    const to = { address: node.address, port: 5000, tcpPort: 7 };
    await node.bind(4000).sendmsg('nobody there', to);
    const { stdout } = await rds('info', '-s', '-t', '--pid', String(process.pid));
    const waiting = [node.address, '4000', node.address, '5000', '0', '0', '12'];
    expect(rowsOf(stdout, 'Send Message Queue')).toEqual([waiting]);
    expect(rowsOf(stdout, 'Retransmit Message Queue')).toEqual([]);
    expect(stdout).not.toContain('Counters');
  });

  test('names the nodes where there are several, and more of each with -v', async () => {
    useRuntimeFolder();
    const { a, b } = await openTalking();
    const { stdout } = await rds('info', '-nv');
    for (const { address, tcpPort } of [a, b]) {
      expect(stdout).toMatch(`=== ${address}:${tcpPort}, process ${process.pid} (`);
    }
    expect(stdout).toMatch(/state=up, .* tx=1 \(\d+ bytes\), .* connects=1,/);
  });

  test('as JSON has what was asked for', async () => {
    useRuntimeFolder();
    const { a } = await openTalking();
    const { stdout } = await rds(
      'info',
      '-c',
      '-r',
      '--json',
      '--node',
      `${a.address}:${a.tcpPort}`,
    );
    expect(JSON.parse(stdout)).toEqual([
      {
        address: a.address,
        tcpPort: a.tcpPort,
        pid: process.pid,
        command: expect.any(String),
        counters: a.info().counters,
        receiveQueue: { messages: [], total: 0 },
      },
    ]);
  });

  test('fails where there is no such node', async () => {
    useRuntimeFolder();
    await openInspected();
    for (const args of [
      ['--node', '192.0.2.1'],
      ['--socket', '/nowhere'],
      ['--pid', '1'],
    ]) {
      const { code, stdout, stderr } = await rds('info', ...args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^rds info: (no|the node at \/nowhere does not answer:) .*\n$/);
    }
  });
});

describe.skipIf(!isPossible)('a process that', () => {
  const start = async () => {
    const folder = useRuntimeFolder();
    const child = new Child('inspected', { node: { address: loopback(71), tcpPort: 0 } });
    const { tcpPort } = await child.hear('ready');
    return { child, tcpPort, sockets: () => readdirSync(join(folder, 'rds-tcp')) };
  };

  test('was killed leaves nothing that is taken for a node', async () => {
    const { child, sockets } = await start();
    expect((await rds('info', '-k')).code).toBe(0);
    child.process.kill('SIGKILL');
    await child.ended(5000);
    expect(sockets()).toHaveLength(1);
    const { code, stderr } = await rds('info', '-k');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rds info: no node was found; .*\n$/);
    expect(sockets()).toEqual([]);
  });

  const namedAs = ({ process: { pid } }: Child, tcpPort: number): string =>
    `the node ${loopback(71)}:${tcpPort} of process ${pid} does not answer: ETIMEDOUT: `;

  test('stands still does not hide the others', async () => {
    const { child, tcpPort, sockets } = await start();
    const node = await openInspected();
    child.process.kill('SIGSTOP');
    const { code, stdout, stderr } = await rds('info', '-k', '--json');
    expect(code).toBe(1);
    expect(stderr).toBe(`rds info: ${namedAs(child, tcpPort)}nothing came for 5 seconds\n`);
    expect(JSON.parse(stdout)).toMatchObject([{ address: node.address, tcpPort: node.tcpPort }]);
    expect(sockets()).toHaveLength(2);
    const top = await rds('top', '-n', '1');
    expect(top).toMatchObject({ code: 1, stdout: expect.stringContaining(node.address) });
    expect(top.stderr).toBe(`rds top: ${namedAs(child, tcpPort)}nothing came for 5 seconds\n`);
  });

  test('stands still alone is said, and nothing else', async () => {
    const { child, tcpPort } = await start();
    child.process.kill('SIGSTOP');
    expect(await rds('info', '-k', '--json')).toEqual({
      code: 1,
      stdout: '',
      stderr: `rds info: ${namedAs(child, tcpPort)}nothing came for 5 seconds\n`,
    });
  });

  test('takes no more callers does not hide the others either', async () => {
    const folder = useRuntimeFolder();
    const node = await openInspected();
    const path = join(folder, 'rds-tcp', '10.0.0.1_7001_1.sock');
    await listenAndStop(path);
    const { code, stdout, stderr } = await rds('info', '-k', '--json');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^rds info: the node 10\.0\.0\.1:7001 of process 1 does not answer: .*\n$/,
    );
    expect(JSON.parse(stdout)).toMatchObject([{ address: node.address }]);
  });
});

/** Listens in a process that then stands still, with as many callers as the system lets wait. */
async function listenAndStop(path: string): Promise<void> {
  const listen = `listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => console.log(''))`;
  const program = `require('node:net').createServer().${listen}`;
  const child = spawn(process.execPath, ['-e', program]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  for (let isTaken = true; isTaken; ) {
    const socket = connect(path);
    onTestFinished(() => void socket.destroy());
    isTaken = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise<boolean>((resolve) => socket.once('error', () => resolve(false))),
    ]).catch(() => false);
  }
}

describe.skipIf(!isPossible)('rds top', () => {
  test('prints snapshots where there is no terminal', async () => {
    useRuntimeFolder();
    const { a, b } = await openTalking();
    const { code, stdout } = await rds('top', '-n', '2', '-i', '0.1', '--node', a.address);
    expect(code).toBe(0);
    const rows = stdout.split('\n').filter((line) => line.startsWith(b.address));
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(/^\S+ +rds-tcp +up +- +- +- +- +0 +0 +0 +1 +0$/);
    expect(rows[1]).toMatch(/^\S+ +rds-tcp +up +\d+ +\d+ +\d+ +\d+ +0 +0 +0 +1 +0$/);
  });

  test('goes on while a node is left, and says who closed', async () => {
    useRuntimeFolder();
    const node = await openInspected();
    const other = await openInspected({ address: loopback(2) });
    const top = new Rds(['top', '-i', '0.05']);
    await top.printed(/PEER/);
    await other.close();
    const closed = ({ address, tcpPort }: typeof node): string =>
      `rds top: the node ${address}:${tcpPort} of process ${process.pid} does not answer:` +
      ' ECONNRESET: the node closed\n';
    await eventually(() => expect(top.stderr).toBe(closed(other)));
    await top.printed(new RegExp(`${node.address}:.*\nPEER.*\n${node.address}:`));
    await node.close();
    expect(await top.ended()).toMatchObject({ code: 1, stderr: closed(other) + closed(node) });
  });

  test('that was stopped is no failure where a node has closed', async () => {
    useRuntimeFolder();
    await openInspected();
    const other = await openInspected({ address: loopback(2) });
    const top = new Rds(['top', '-i', '0.05']);
    await top.printed(/PEER/);
    await other.close();
    await eventually(() => expect(top.stderr).toMatch(/the node closed\n$/));
    top.process.kill('SIGINT');
    expect((await top.ended()).code).toBe(0);
  });
});

test('rates are differences by time', () => {
  const before = inspected({ txMessages: 10, rxMessages: 0, txBytes: 0, rxBytes: 5 }, 1000);
  const after = inspected({ txMessages: 30, rxMessages: 1, txBytes: 2e7, rxBytes: 5 }, 1500);
  const [, , row] = topText([before], [after]).split('\n');
  expect(row?.split(/ +/)).toEqual('10.0.0.2 linux up 40 2 40.0M 0 7 3 1 4 2'.split(' '));
});

test('peers that are connected stand first', () => {
  const node = inspected({}, 0);
  const peers = ['down', 'up', 'connecting', 'up'].map((state, index) => {
    return { ...node.info.connections[0], state, address: `10.0.0.${index}` };
  });
  const connections = peers as NodeInfo['connections'];
  const [, head, ...rows] = topText([], [{ ...node, info: { ...node.info, connections } }]).split(
    '\n',
  );
  const places = rows.map((row) => row.split(/ +/)[0]);
  expect(places).toEqual(['10.0.0.1', '10.0.0.3', '10.0.0.0', '10.0.0.2']);
  expect(new Set([head, ...rows].map((line) => line?.length)).size).toBe(1);
});

test('a peer on the port of kernels is shown without it', () => {
  const node = inspected({ nextTxSequence: 1, nextRxSequence: 2 }, 0);
  const text = viewAsText([{ node, queues: { r: null, s: null, t: null } }], new Set(['n']), false);
  expect(rowsOf(text, 'RDS Connections')).toEqual([
    ['10.0.0.1', '10.0.0.2', '0', '1', '2', 's-C-'],
  ]);
});

test.each([
  [0, '0'],
  [9999.4, '9999'],
  [9999.5, '10.0k'],
  [12_345, '12.3k'],
  [999_400, '999k'],
  [999_600, '1.00M'],
  [4_560_000_000, '4.56G'],
])('%d in short is %s', (value, text) => {
  expect(compact(value)).toBe(text);
});

test('a list that was cut says how much is missing', () => {
  const node = inspected({}, 0);
  const list = { messages: [], total: 12 };
  const text = viewAsText([{ node, queues: { r: null, s: list, t: null } }], new Set(['s']), false);
  expect(text).toMatch(/^\nSend Message Queue:\n.*\n\(and 12 more\)\n$/);
});

/** The rows under a heading, as words. */
function rowsOf(text: string, heading: string): string[][] {
  const [, section = ''] = text.split(`\n${heading}:\n`);
  const [rows = ''] = section.split('\n\n');
  return rows
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/ +/));
}

function inspected(counted: object, nowMs: number): InspectedNode {
  const connection = {
    address: '10.0.0.2',
    tcpPort: 16385,
    peer: 'linux',
    state: 'up',
    sendQueueMessages: 7,
    retransmitQueueMessages: 3,
    retransmitted: 1,
    connects: 4,
    congestedPorts: [5, 6],
    ...counted,
  };
  const info = { address: '10.0.0.1', tcpPort: 16385, sockets: [], queuedBytes: 0, nowMs };
  const whole = { ...info, connections: [connection], counters: {} } as unknown as NodeInfo;
  return { pid: 1, command: 'test', info: whole, tcp: [] };
}
