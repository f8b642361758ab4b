import { expect, test } from 'vitest';
import { attach, frame, map } from './raw.js';
import { A, B, world } from './world.js';

test('one nonsensical ack must not make all later ones unheard', async () => {
  const { clock, network, open } = world();
  const b = await open(B);
  const sender = b.bind(4000);
  // Some program on the peer's machine.
  const stream = network
    .runtime()
    .transport.connect({ address: A, tcpPort: 1 }, { address: B, tcpPort: 16385 });
  attach(stream, {
    opened: () => {
      const ext = { npaths: 1, generation: 77, own: { features: 1, tcpPort: 16385 } };
      stream.write([map(), frame({ ext }), frame({ ack: 2 ** 53 - 1 })], () => {});
    },
  });
  await clock.advance(1000);
  stream.destroy();
  // Now the real node, alive and well.
  const a = await open(A);
  const receiver = a.bind(5000);
  let got = 0;
  receiver.on('message', () => got++);
  let resolved = false;
  void sender.sendmsg('hello', { address: A, port: 5000 }, { until: 'delivered' }).then(() => {
    resolved = true;
  });
  await clock.advance(600_000);
  expect(resolved).toBe(true);
});
