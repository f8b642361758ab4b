/** openNode: what an operating system has against listening is said in a sentence, with its code. */

import { expect, test } from 'vitest';
import { openNode, RdsError, type Stream, type Transport } from '../src/index.js';
import { A, B, world } from './findings/world.js';

/** A world whose transport does something of its own when it is asked to listen. */
function openWith(listen: Transport['listen']) {
  const { network } = world();
  const host = network.runtime();
  const { connect } = host.transport;
  return openNode(
    { address: A },
    {
      clock: host.clock,
      random: () => host.random(),
      defer: (task) => host.defer(task),
      yield: (task) => host.yield(task),
      initialSequence: () => host.initialSequence(),
      transport: { connect, listen },
    },
  );
}

test.each([
  ['EADDRINUSE', 'EADDRINUSE', 'another process listens on 10.0.0.1:16385'],
  ['EADDRNOTAVAIL', 'EADDRNOTAVAIL', '10.0.0.1 is no address of this machine'],
  ['EACCES', 'EACCES', 'may not listen on port 16385'],
  ['EMFILE', 'EIO', 'can not listen on 10.0.0.1:16385: Error: of the system'],
  [undefined, 'EIO', 'can not listen on 10.0.0.1:16385'],
])('a listen that fails with %s is %s', async (errno, code, sentence) => {
  const cause = Object.assign(new Error('of the system'), { code: errno });
  const error = await openWith(() => Promise.reject(cause)).catch((reason) => reason);
  expect(error).toBeInstanceOf(RdsError);
  expect(error).toMatchObject({ code, syscall: 'createNode', address: A, port: 16_385, cause });
  expect(error.message).toContain(sentence);
});

test('a listen that fails with nothing at all is an error all the same', async () => {
  const error = await openWith(() => Promise.reject(null)).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'EIO', cause: null });
});

test('who calls before there is a node is sent away', async () => {
  let destroyed = 0;
  const stream = { destroy: () => destroyed++ } as unknown as Stream;
  const node = await openWith(async (_, accept) => {
    accept(stream);
    return { tcpPort: 16_385, close: async () => {} };
  });
  expect(destroyed).toBe(1);
  expect(node.info()).toMatchObject({ address: A, tcpPort: 16_385, sockets: [], connections: [] });
});

test('an address that another node has can not be had', async () => {
  const { open } = world();
  await open(B);
  await expect(open(B)).rejects.toMatchObject({ code: 'EADDRINUSE', address: B });
});
