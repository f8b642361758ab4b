/** One who spoke from the address of a peer. `fails`, until what it said can be forgotten. */
import { expect, test } from 'vitest';
import { coreOf } from '../../src/node.js';
import { decodeExtensions } from '../../src/wire/extension.js';
import { attach, frame, map } from './raw.js';
import { A, B, world } from './world.js';

test.fails('one frame from an impostor must not part two nodes for ever', async () => {
  const { clock, network, open } = world();
  const a = await open(A);
  const b = await open(B);
  const sender = a.bind(4000);
  const to = { address: B, port: 5000 };
  b.bind(5000).on('message', () => {});
  await clock.until(sender.sendmsg('before', to, { until: 'delivered' }));
  // From A's machine, with A's generation and port, which A tells to all its peers.
  const ext = decodeExtensions(coreOf(a).introduction.extensions);
  const stream = network
    .runtime()
    .transport.connect({ address: A, tcpPort: 1 }, { address: B, tcpPort: 16385 });
  attach(stream, {});
  const data = Uint8Array.of(1);
  stream.write(
    [map([], ext), frame({ ext }), frame({ seq: 2 ** 52, sport: 4000, dport: 5000, data })],
    () => {},
  );
  await clock.advance(20);
  stream.destroy();
  // B now says that it has all up to 2^52 of A, who hangs up on that each time.
  let settled = 'no';
  sender.sendmsg('after', to, { until: 'delivered' }).then(
    () => {
      settled = 'delivered';
    },
    () => {
      settled = 'failed';
    },
  );
  await clock.advance(600_000);
  expect(settled).not.toBe('no');
});
