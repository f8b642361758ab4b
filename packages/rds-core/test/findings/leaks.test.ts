import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { FlowTable } from '../../src/flow-table.js';
import { Outstanding } from '../../src/outstanding.js';
import { Stats } from '../../src/stats.js';
import { A, B, world } from './world.js';

setFlagsFromString('--expose_gc');
const gc = runInNewContext('gc') as () => void;
const heap = () => {
  gc();
  return process.memoryUsage().heapUsed;
};

test('recvmsg with timeoutMs in a loop on a quiet socket takes no memory', async () => {
  const { clock, open } = world();
  const a = await open(A);
  const socket = a.bind(4000);
  const poll = async (times: number) => {
    for (let n = 0; n < times; n++)
      await clock.until(socket.recvmsg({ timeoutMs: 1 }).catch(() => {}));
  };
  await poll(1000);
  const before = heap();
  await poll(20_000);
  const grown = heap() - before;
  // Control: a message that comes sweeps them out.
  await socket.sendmsg('x', { address: A, port: 4000 });
  await clock.advance(10);
  expect(grown / 20_000).toBeLessThan(50);
});

test('flush with timeoutMs in a loop towards a dead peer takes no memory', async () => {
  const { clock, open } = world();
  const a = await open(A);
  const socket = a.bind(4000);
  await socket.sendmsg('x', { address: B, port: 5000 });
  const poll = async (times: number) => {
    for (let n = 0; n < times; n++)
      await clock.until(socket.flush(undefined, { timeoutMs: 1 }).catch(() => {}));
  };
  await poll(1000);
  const before = heap();
  await poll(10_000);
  const grown = heap() - before;
  expect(grown / 10_000).toBeLessThan(50);
});

test('routes that are gone are not kept by a socket', () => {
  let epoch = 0;
  let asked = 0;
  const router = {
    stats: new Stats(),
    get epoch() {
      return epoch;
    },
    route: (to: never) => ({
      to,
      route: {
        isCongested: () => false,
        awaitUncongested() {},
        send() {},
        outstanding: new Outstanding(1),
        isGone: true,
        cancel: () => {
          asked++;
          return { messages: 0, bytes: 0 };
        },
      },
    }),
  };
  const table = new FlowTable(router as never, 1000, { port: 4000, blocked() {}, emptied() {} });
  for (let n = 0; n < 1000; n++) {
    table.flowTo({ address: B, port: 5000 }, 'sendmsg');
    epoch++;
  }
  table.cancel(null);
  expect(asked).toBeLessThan(2);
});

test('a call that fails with EINVAL does not take one of maxPeers', async () => {
  const { open } = world();
  const a = await open(A, { maxPeers: 4 });
  const socket = a.bind(4000);
  for (let n = 2; n < 10; n++) {
    expect(() => socket.trySendmsg('x', { address: `10.0.0.${n}`, port: 1 })).toThrow(/EINVAL/);
  }
  expect(a.info().connections.length).toBe(0);
});

test('the larger node: peers given up are forgotten', async () => {
  const { clock, open } = world();
  const a = await open('10.0.0.200', { maxPeers: 4 });
  const socket = a.bind(4000);
  for (let n = 2; n < 10; n++) {
    const to = { address: `10.0.0.${n}`, port: 5000 };
    await socket.sendmsg('x', to);
    await clock.advance(3000);
    socket.cancelSentTo(to);
    await clock.advance(60_000);
  }
  expect(a.info().connections.length).toBeLessThan(4);
});
