import type { RdsNode } from '@rds-tcp/core';
import { createSimulation } from '@rds-tcp/core/testing';
import { expect, test } from 'vitest';

/** The service: takes orders and confirms each. In production its node is one of `createNode`. */
async function takeOrders(node: RdsNode, orders: string[]): Promise<void> {
  const socket = node.bind(4000);
  for await (const { data, from } of socket) {
    const count = orders.push(new TextDecoder().decode(data));
    await socket.sendmsg(`order ${count} taken`, from);
  }
}

test('an order sent into a partition is taken once', async () => {
  const simulation = createSimulation({ seed: 1 });
  const { clock, network } = simulation;
  const shop = await simulation.openNode({ address: '10.0.0.1' });
  const customer = await simulation.openNode({ address: '10.0.0.2' });
  const orders: string[] = [];
  void takeOrders(shop, orders);

  network.partition(shop.address, customer.address);
  const socket = customer.bind();
  const to = { address: shop.address, port: 4000 };
  const receipt = socket.sendmsg('an apple', to, { until: 'delivered' });
  await clock.advance(600_000); // ten minutes, at once
  expect(orders).toEqual([]);

  network.heal(shop.address, customer.address);
  await clock.until(receipt);
  const { data } = await clock.until(socket.recvmsg());
  expect(new TextDecoder().decode(data)).toBe('order 1 taken');
  await clock.until(Promise.all([shop.close(), customer.close()]));
  expect({ orders, timersLeft: clock.pending }).toEqual({ orders: ['an apple'], timersLeft: 0 });
});
