/**
 * npm run ipc
 *
 * A parent and two workers, which are processes, exchange typed messages: requests and replies, in
 * MessagePack. One worker is slow and shows back-pressure: what it can not queue waits in the
 * parent, in an `await`, instead of filling anybody's memory. The fast worker does not notice.
 */

import { fork } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { msgpackSocket } from '@rds-tcp/core/codec/msgpack';
import { type Address, createNode } from 'rds-tcp';

type Message =
  | { readonly type: 'ready'; readonly worker: string }
  | { readonly type: 'request'; readonly id: number; readonly numbers: readonly number[] }
  | { readonly type: 'reply'; readonly id: number; readonly sum: number }
  | { readonly type: 'stop' };

const ADDRESS = '127.0.0.1';
const PORT = 4000;
const WORKERS = ['fast', 'slow'];
const REQUESTS = 100;
/** A request of about a kilobyte. */
const NUMBERS = Array.from({ length: 120 }, (_, index) => index / 10);
/** Small, so as to be full soon. */
const SEND_BUFFER_BYTES = 8 * 1024;
const RECEIVE_BUFFER_BYTES = 32 * 1024;
const SLOW_MS = 10;

const [, , worker, parentTcpPort] = process.argv;
if (worker === undefined) await lead();
else await work(worker, { address: ADDRESS, port: PORT, tcpPort: Number(parentTcpPort) });

async function lead(): Promise<void> {
  const node = await createNode({ address: ADDRESS, tcpPort: 0 });
  const plainSocket = node.bind({ port: PORT, sendBufferBytes: SEND_BUFFER_BYTES });
  const socket = msgpackSocket<Message>(plainSocket);
  const names = new Map<number | undefined, string>();
  const waiting = new Map<number, (sum: number) => void>();
  let busyWorkers = WORKERS.length;

  node.on('congestion', (event) => {
    if (event.type !== 'remote' || !names.has(event.tcpPort)) return;
    const what = event.ports.includes(PORT) ? 'has enough queued: requests wait' : 'has room again';
    console.log(`${names.get(event.tcpPort)}: ${what}`);
  });
  for (const name of WORKERS) {
    const child = fork(fileURLToPath(import.meta.url), [name, String(node.tcpPort)]);
    child.on('exit', (code) => {
      if (code !== 0) throw new Error(`The ${name} worker has failed.`);
    });
  }

  for await (const { value, from } of socket) {
    if (value.type === 'reply') waiting.get(value.id)?.(value.sum);
    if (value.type !== 'ready') continue;
    names.set(from.tcpPort, value.worker);
    void employ(value.worker, from).then(() => {
      busyWorkers--;
      // Which ends the loop.
      if (busyWorkers === 0) void node.close();
    });
  }

  async function employ(name: string, to: Address): Promise<void> {
    const start = performance.now();
    const say = (text: string): void =>
      console.log(`${name}: ${text} after ${Math.round(performance.now() - start)} ms`);
    const first = request(to);
    say(`the first sum is ${await first.sum}`);
    const sums: Promise<number>[] = [];
    for (let count = 1; count < REQUESTS; count++) {
      const { sent, sum } = request(to);
      sums.push(sum);
      // Waits while the worker is behind.
      await sent;
    }
    say(`all ${REQUESTS} requests are sent`);
    await Promise.all(sums);
    say('all are answered');
    await socket.send({ type: 'stop' }, to);
  }

  function request(to: Address): { sent: Promise<void>; sum: Promise<number> } {
    const id = waiting.size;
    const sum = new Promise<number>((resolve) => waiting.set(id, resolve));
    return { sent: socket.send({ type: 'request', id, numbers: NUMBERS }, to), sum };
  }
}

async function work(name: string, parent: Address): Promise<void> {
  // Should the parent end, its workers end too.
  process.once('disconnect', () => process.exit());
  const node = await createNode({ address: ADDRESS, tcpPort: 0 });
  const plainSocket = node.bind({ port: PORT, receiveBufferBytes: RECEIVE_BUFFER_BYTES });
  const socket = msgpackSocket<Message>(plainSocket);
  await socket.send({ type: 'ready', worker: name }, parent);
  for await (const { value, from } of socket) {
    if (value.type === 'stop') break;
    if (value.type !== 'request') continue;
    if (name === 'slow') await setTimeout(SLOW_MS);
    const sum = value.numbers.reduce((total, number) => total + number, 0);
    await socket.send({ type: 'reply', id: value.id, sum }, from);
  }
  await node.close();
  process.disconnect();
}
