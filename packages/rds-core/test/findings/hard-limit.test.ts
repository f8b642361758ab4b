/** What a peer can queue beyond maxQueuedBytes. Reading stops between two frames. */
import { expect, test } from 'vitest';
import { attach, frame, map } from './raw.js';
import { A, B, world } from './world.js';

const MAX_QUEUED_BYTES = 1 << 20;

test('whoever connects again and again must not get past the hard limit', async () => {
  const { clock, network, open } = world();
  const b = await open(B, { maxQueuedBytes: MAX_QUEUED_BYTES });
  b.bind(4000);
  const host = network.runtime();
  const ext = { npaths: 1, generation: 77, own: { features: 1, tcpPort: 16385 } };
  const data = new Uint8Array(16_000);
  let seq = 1;
  for (let n = 0; n < 100; n++) {
    const stream = host.transport.connect(
      { address: A, tcpPort: 1 },
      { address: B, tcpPort: 16385 },
    );
    attach(stream, {});
    const message = () => frame({ seq: seq++, sport: 4000, dport: 4000, data });
    stream.write([map(), frame({ ext }), message(), message(), message(), message()], () => {});
    await clock.advance(50);
  }
  // A chunk was under way when the limit was reached; a largest message may be half in.
  expect(b.info().queuedBytes).toBeLessThanOrEqual(MAX_QUEUED_BYTES + 2 * (1 << 20));
});

test('a connection that is replaced must not be read past the hard limit', async () => {
  const { clock, network, open } = world();
  const b = await open(B, { maxQueuedBytes: MAX_QUEUED_BYTES });
  b.bind(4000);
  const host = network.runtime();
  const data = new Uint8Array(16_000);
  let seq = 2;
  const connect = () => {
    const stream = host.transport.connect(
      { address: A, tcpPort: 1 },
      { address: B, tcpPort: 16385 },
    );
    attach(stream, {});
    return stream;
  };
  // A kernel, as far as its words go.
  const first = connect();
  first.write([map(), frame({ seq: 1, sport: 1, ext: { npaths: 1 } })], () => {});
  await clock.advance(50);
  for (let n = 0; n < 600; n++) {
    first.write([frame({ seq: seq++, sport: 4000, dport: 4000, data })], () => {});
  }
  await clock.advance(1000);
  const before = b.info().queuedBytes;
  connect().write([map()], () => {});
  await clock.advance(5000);
  expect(b.info().queuedBytes).toBeLessThanOrEqual(before + (1 << 20));
});
