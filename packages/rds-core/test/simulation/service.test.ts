/** A service under a partition. docs/TESTING.md shows this file. */

import type { RdsNode } from '@rds-tcp/core';
import { createSimulation } from '@rds-tcp/core/testing';
import { expect, test } from 'vitest';

/** The service. It is given its node: one of `createNode` in production, a simulated one here. */
async function takeOrders(node: RdsNode, orders: string[]): Promise<void> {
  for await (const { data } of node.bind(4000)) orders.push(new TextDecoder().decode(data));
}

test('an order sent into a partition is taken once', async () => {
  const simulation = createSimulation({ seed: 1 });
  const { clock, network } = simulation;
  const orders: string[] = [];
  const shop = await simulation.openNode({ address: '10.0.0.1' });
  void takeOrders(shop, orders);
  const customer = await simulation.openNode({ address: '10.0.0.2' });
  const to = { address: '10.0.0.1', port: 4000 };

  network.partition('10.0.0.1', '10.0.0.2');
  const receipt = customer.bind().sendmsg('an apple', to, { until: 'delivered' });
  await clock.advance(600_000); // ten minutes, at once
  expect(orders).toEqual([]);

  network.heal('10.0.0.1', '10.0.0.2');
  await clock.until(receipt);
  expect(orders).toEqual(['an apple']);
  await clock.until(Promise.all([shop.close(), customer.close()]));
});
