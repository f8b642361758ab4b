/**
 * Whole runs of `rds stress`: both sides over real TCP, with shorter waits than the tool's; and
 * the ways in which a run can fail to begin, or end too early.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { createNode } from 'rds-tcp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Output } from '../../src/cli/output.js';
import { encodeOptions } from '../../src/cli/stress/options-block.js';
import { Report } from '../../src/cli/stress/report.js';
import type { Timing } from '../../src/cli/stress/run.js';
import type { Settings } from '../../src/cli/stress/settings.js';
import { runActive, runPassive } from '../../src/cli/stress/sides.js';
import { eventually, hasManyLoopbacks, loopback } from '../nodes.js';

const TIMING: Timing = { startMs: 50, burnInMs: 50, rowMs: 50, quietMs: 500, endMs: 5000 };
const HERE = loopback(1);
const THERE = loopback(2);

const SETTINGS: Settings = {
  depth: 4,
  requestBytes: 1024,
  ackBytes: 63,
  tasks: 2,
  basePort: 0,
  runSeconds: 3,
  oneWay: false,
  verify: true,
  summaryOnly: false,
  tos: 0,
};

/** Ports that nobody uses at the moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, HERE);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** What one side has said, line by line. */
class Said {
  readonly report: Report;
  readonly #stream = new PassThrough();
  #text = '';

  constructor(json = true) {
    this.#stream.on('data', (data) => {
      this.#text += data;
    });
    const output = new Output(this.#stream);
    this.report = new Report(output, output, { json }, null);
  }

  get text(): string {
    return this.#text;
  }

  get lines(): string[] {
    return this.#text.trim().split('\n');
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of the content.
  get json(): any[] {
    return this.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  }
}

/** Two sides that have found each other. */
async function sides(changes: Partial<Settings> = {}, tcpPort?: number) {
  const settings = { ...SETTINGS, basePort: await freePort(), ...changes };
  const stop = { active: new AbortController(), passive: new AbortController() };
  const said = { active: new Said(), passive: new Said() };
  const common = { tcpPort: tcpPort ?? (await freePort()), timing: TIMING };
  const passive = runPassive({
    ...common,
    local: THERE,
    basePort: settings.basePort,
    report: said.passive.report,
    signal: stop.passive.signal,
  });
  const active = runActive({
    ...common,
    local: HERE,
    peer: THERE,
    settings,
    connectRetries: 10,
    peerVersion: '2.0.7',
    report: said.active.report,
    signal: stop.active.signal,
  });
  // Whoever fails first, the other is looked at as well.
  active.catch(() => {});
  passive.catch(() => {});
  onTestFinished(() => {
    stop.active.abort();
    stop.passive.abort();
  });
  return { active, passive, stop, said };
}

describe.runIf(hasManyLoopbacks)('two sides', () => {
  test.each<Partial<Settings>>([
    {},
    { oneWay: true, depth: 1, tasks: 1 },
    { requestBytes: 100_000, ackBytes: 1000 },
    { summaryOnly: true, tos: 3 },
  ])('exchange messages and end without one that is missing, with %j', async (changes) => {
    const { active, passive, said } = await sides(changes);
    await Promise.all([active, passive]);
    const [mine, theirs] = [said.active.json.at(-1), said.passive.json.at(-1)];
    expect(mine).toMatchObject({ type: 'summary', role: 'active', peer: THERE });
    expect(theirs).toMatchObject({ type: 'summary', role: 'passive', peer: HERE });
    expect(theirs.settings).toEqual(mine.settings);
    const intervals = said.active.json.filter(({ type }) => type === 'interval');
    expect(intervals.length).toBe(changes.summaryOnly ? 0 : SETTINGS.runSeconds);
    for (const [one, other] of [
      [mine.totals, theirs.totals],
      [theirs.totals, mine.totals],
    ]) {
      expect(one).toMatchObject({ unanswered: 0, strays: 0, acksReceived: one.requestsSent });
      expect(other).toMatchObject({
        requestsReceived: one.requestsSent,
        acksSent: one.requestsSent,
      });
    }
    expect(mine.totals.requestsSent).toBeGreaterThan(0);
    expect(theirs.totals.requestsSent > 0).toBe(!changes.oneWay);
    expect(mine.latency.count).toBeGreaterThan(0);
  });

  test('can be used again at once', async () => {
    const tcpPort = await freePort();
    const basePort = await freePort();
    for (let time = 0; time < 2; time++) {
      const { active, passive, said } = await sides({ basePort, runSeconds: 1 }, tcpPort);
      await Promise.all([active, passive]);
      expect(said.active.json.at(-1).totals.unanswered).toBe(0);
    }
  });

  test('run without end until the active one is interrupted', async () => {
    const { active, passive, said, stop } = await sides({ runSeconds: 0 });
    await eventually(() => expect(said.active.json.length).toBeGreaterThan(5));
    stop.active.abort();
    await Promise.all([active, passive]);
    expect(said.active.json.at(-1)).toMatchObject({ type: 'summary', totals: { unanswered: 0 } });
    expect(said.passive.json.at(-1)).toMatchObject({ type: 'summary', totals: { unanswered: 0 } });
  });

  test('the active one says so if the passive one leaves before the time', async () => {
    const { active, passive, said, stop } = await sides({ runSeconds: 0 });
    await eventually(() => expect(said.active.json.length).toBeGreaterThan(1));
    stop.passive.abort();
    await passive;
    await expect(active).rejects.toThrow('the peer ended the run before its time');
    expect(said.active.json.at(-1)).toMatchObject({ type: 'summary' });
  });

  test('that are interrupted before there is a run leave nothing behind', async () => {
    const stop = new AbortController();
    const [tcpPort, basePort] = [await freePort(), await freePort()];
    const common = { tcpPort, timing: TIMING, signal: stop.signal };
    const said = new Said();
    const passive = runPassive({ ...common, local: THERE, basePort, report: said.report });
    await eventually(() => expect(said.text).toContain('waiting on'));
    stop.abort();
    await expect(passive).rejects.toMatchObject({ name: 'AbortError' });
    const node = await createNode({ address: THERE, tcpPort });
    await node.destroy();
  });
});

describe('an active side', () => {
  const options = async (changes: { connectRetries?: number; signal?: AbortSignal }) => ({
    local: HERE,
    peer: THERE,
    tcpPort: await freePort(),
    settings: { ...SETTINGS, basePort: await freePort() },
    connectRetries: 0,
    peerVersion: '2.0.7',
    report: new Said().report,
    timing: TIMING,
    signal: new AbortController().signal,
    ...changes,
  });

  test('says that nobody is there', async () => {
    const { settings, ...rest } = await options({});
    await expect(runActive({ ...rest, settings })).rejects.toThrow(
      `nobody takes the control connection at ${THERE}:${settings.basePort} (ECONNREFUSED)`,
    );
  });

  test('can be interrupted while it tries again', async () => {
    const stop = new AbortController();
    const running = runActive(await options({ connectRetries: 1000, signal: stop.signal }));
    running.catch(() => {});
    setTimeout(() => stop.abort(), 20);
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('says that the peer hung up instead of agreeing', async () => {
    const given = await options({});
    const server = createServer((socket) => {
      socket.once('data', () => socket.end());
    }).listen(given.settings.basePort, THERE);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    await expect(runActive(given)).rejects.toThrow('closed the control connection too early');
  });

  test('says that it can not be where its peer is', async () => {
    const { local: _local, ...given } = await options({});
    const alone = runActive({ ...given, local: undefined, peer: '127.0.0.1' });
    await expect(alone).rejects.toThrow(/^both sides would be nodes at 127\.0\.0\.1: /);
  });

  test('says that another node is on its address', async () => {
    const given = await options({});
    const node = await createNode({ address: HERE, tcpPort: given.tcpPort });
    onTestFinished(async () => void (await node.destroy()));
    await expect(runActive(given)).rejects.toThrow(
      /^a node of another process, or the kernel's, listens on .*; use another address/,
    );
  });
});

describe('a passive side', () => {
  /** One that waits, and how to call it. */
  async function waiting() {
    const [tcpPort, basePort] = [await freePort(), await freePort()];
    const said = new Said(false);
    const stop = new AbortController();
    const { report } = said;
    // There is no node on the other side whose acknowledgements would be worth to wait for.
    const timing = { ...TIMING, quietMs: 50, endMs: 100 };
    const common = { tcpPort, timing, signal: stop.signal, report };
    const passive = runPassive({ ...common, local: THERE, basePort });
    passive.catch(() => {});
    onTestFinished(() => stop.abort());
    await eventually(() => expect(said.text).toContain('waiting on'));
    const call = async (): Promise<Socket> => {
      const socket = connect({ host: THERE, port: basePort, localAddress: HERE });
      socket.on('error', () => {});
      await once(socket, 'connect');
      return socket;
    };
    return { passive, said, basePort, tcpPort, call };
  }

  const block = (basePort: number, changes: Partial<Settings> = {}, active = HERE) =>
    encodeOptions({ ...SETTINGS, basePort, ...changes }, { active, passive: THERE }, '2.0.7');

  test.each<[string, (basePort: number) => Uint8Array, RegExp]>([
    ['speaks another protocol', () => Buffer.from('GET / HTTP/1.1\r\n\r\n'), /not the beginning/],
    ['claims another address', (port) => block(port, {}, '10.9.9.9'), /claims to be 10\.9\.9\.9/],
    ['asks for too much', (port) => block(port, { tasks: 1024 }), /number of tasks is 1024/],
  ])('refuses who %s, and waits on', async (_what, bytes, sentence) => {
    const { said, basePort, call } = await waiting();
    const socket = await call();
    socket.write(bytes(basePort));
    socket.resume();
    await once(socket, 'close');
    expect(said.text).toMatch(new RegExp(`refused ${HERE}: .*${sentence.source}`));
    const next = await call();
    next.write(block(basePort));
    await eventually(() => expect(said.text).toContain(`called by ${HERE} at ${THERE}`));
    next.destroy();
  });

  test('has no time for a second caller while it listens to the first', async () => {
    const { passive, said, basePort, call } = await waiting();
    const first = await call();
    first.write(block(basePort).subarray(0, 20));
    const second = await call();
    second.resume();
    await once(second, 'close');
    first.end(block(basePort).subarray(20));
    await expect(passive).rejects.toThrow('closed the control connection too early');
    expect(said.text).toContain('called by');
  });

  test('says that another program has its port', async () => {
    const { basePort } = await waiting();
    const stop = new AbortController();
    const common = { timing: TIMING, signal: stop.signal, report: new Said().report };
    const another = runPassive({
      ...common,
      local: undefined,
      basePort,
      tcpPort: await freePort(),
    });
    await expect(another).rejects.toThrow(
      `another program listens on TCP port 0.0.0.0:${basePort}`,
    );
  });

  test('is not begun if it is interrupted before', async () => {
    const signal = AbortSignal.abort();
    const [tcpPort, basePort] = [await freePort(), await freePort()];
    const given = { local: THERE, timing: TIMING, report: new Said().report };
    const passive = runPassive({ ...given, tcpPort, basePort, signal });
    await expect(passive).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('fails if who has called leaves without a word', async () => {
    const { passive, basePort, call } = await waiting();
    const socket = await call();
    socket.end(block(basePort));
    await expect(passive).rejects.toThrow('closed the control connection too early');
  });

  test('that fails leaves no dead peer behind at the other side', async () => {
    const { passive, basePort, tcpPort, call } = await waiting();
    const node = await createNode({ address: HERE, tcpPort });
    onTestFinished(async () => void (await node.destroy()));
    const socket = await call();
    socket.write(Buffer.concat([block(basePort, { depth: 1, tasks: 1 }), Uint8Array.of(0)]));
    await once(socket, 'data');
    const to = { address: THERE, port: basePort + 1 };
    await node.bind(basePort + 1).sendmsg('nonsense', to, { until: 'delivered' });
    expect(node.info().connections).toMatchObject([{ address: THERE, state: 'up' }]);
    await expect(passive).rejects.toThrow(/neither a request nor an ack$/);
    await eventually(() => expect(node.info().connections).toEqual([]));
  });

  test('answers the word to go with one byte, and says how it goes in the columns of the tool', async () => {
    const { passive, said, basePort, call } = await waiting();
    const socket = await call();
    socket.write(Buffer.concat([block(basePort, { depth: 1, tasks: 1 }), Uint8Array.of(0)]));
    const [answer] = await once(socket, 'data');
    expect(answer.length).toBe(1);
    await eventually(() => expect(said.lines.length).toBeGreaterThan(5));
    socket.end();
    await passive;
    expect(said.lines[3]).toBe(
      'tsks   tx/s   rx/s  tx+rx K/s    mbi K/s    mbo K/s tx us/c   rtt us cpu %',
    );
    expect(said.lines[4]).toMatch(
      /^ {3}1 +\d+ +\d+ +\d+\.\d\d +0\.00 +0\.00 +\d+\.\d\d +0\.00 +\d+\.\d\d$/,
    );
    expect(said.text).toMatch(/ {2}\(average\)\n\nrequests under way when the run ended: 1\n$/);
  });
});
