/** MessagePack over a socket: values come out as they went in, and what is none says whose it was. */

import { msgpackSocket } from '@rds-tcp/core/codec/msgpack';
import { expect, test } from 'vitest';
import type { RdsSocket } from '../../src/index.js';
import { A, B, world } from '../findings/world.js';

const TO = { address: B, port: 5000 };

async function twoSockets(): Promise<{
  alice: RdsSocket;
  bob: RdsSocket;
  flushed(): Promise<void>;
}> {
  const { clock, open } = world();
  const alice = (await open(A)).bind(4000);
  const bob = (await open(B)).bind(5000);
  return { alice, bob, flushed: () => clock.until(alice.flush()) };
}

test('values arrive as they were sent, each readable without the others', async () => {
  const { alice, bob, flushed } = await twoSockets();
  const values = [{ a: 1, b: [true, null, 'ä'] }, { a: 2, b: [] }, 'text', 5, null];
  const sender = msgpackSocket<unknown>(alice);
  for (const value of values) void sender.send(value, TO);
  await flushed();
  const late = values.slice(1);
  bob.recvmmsg(1);
  const got: unknown[] = [];
  for await (const { value, from } of msgpackSocket<unknown>(bob)) {
    expect(from).toEqual({ address: A, port: 4000 });
    if (got.push(value) === late.length) break;
  }
  expect(got).toEqual(late);
});

test('options are those of sendmsg', async () => {
  const { alice } = await twoSockets();
  const call = msgpackSocket<string>(alice).send('x', TO, { signal: AbortSignal.abort() });
  await expect(call).rejects.toMatchObject({ code: 'ABORT_ERR' });
});

test.each([
  ['cut short', 0x91],
  ['the one byte that begins nothing', 0xc1],
])('a message that is no MessagePack, %s, is told, and the next one is read', async (_, byte) => {
  const { alice, bob, flushed } = await twoSockets();
  void alice.sendmsg(Uint8Array.of(byte), TO);
  void msgpackSocket<string>(alice).send('good', TO);
  await flushed();
  const receiver = msgpackSocket<string>(bob);
  const next = () => receiver[Symbol.asyncIterator]().next();
  await expect(next()).rejects.toMatchObject({
    code: 'EINVAL',
    syscall: 'recvmsg',
    address: A,
    port: 4000,
    cause: expect.any(Error),
  });
  expect(await next()).toMatchObject({ value: { value: 'good' } });
});
