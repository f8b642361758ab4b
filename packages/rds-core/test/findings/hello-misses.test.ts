import { expect, test } from 'vitest';
import { A, B, world } from './world.js';

test('a live peer whose hello is lost three times: nothing twice, nothing unknown', async () => {
  const { clock, network, open } = world();
  const a = await open(A);
  const b = await open(B);
  const got: string[] = [];
  const events: string[] = [];
  a.bind(4000).on('message', ({ data }) => got.push(new TextDecoder().decode(data)));
  const from = b.bind(5000);
  for (const [n, node] of [
    [a, 'a'],
    [b, 'b'],
  ] as const) {
    n.on('connection', (e) => events.push(`${node} ${e.type} ${'reason' in e ? e.reason : ''}`));
    n.on('uncertain', ({ messages }) => events.push(`${node} UNCERTAIN ${messages.length}`));
  }
  await clock.until(from.sendmsg('0', { address: A, port: 4000 }, { until: 'delivered' }));
  network.partition(A, B, 'one-way'); // A's acknowledgement does not arrive
  void from.sendmsg('1', { address: A, port: 4000 });
  await clock.runUntil(() => got.length === 2);
  network.cut(A, B, { noticeMs: { min: 0, max: 0 } });
  network.heal(A, B);
  for (let round = 0; round < 3; round++) {
    const accepted = Number(b.info().counters.cong_update_queued);
    const maps = Number(a.info().counters.cong_update_received);
    await clock.runUntil(() => Number(b.info().counters.cong_update_queued) > accepted, 120_000);
    network.partition(A, B, 'one-way'); // A's first words are lost …
    await clock.runUntil(() => Number(a.info().counters.cong_update_received) > maps, 120_000);
    network.cut(A, B, { unaware: [A, B] });
    network.heal(A, B);
  }
  await clock.advance(120_000);
  expect(got).toEqual(['0', '1']);
});
