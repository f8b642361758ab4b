/** rds-tcp/opentelemetry: with the real SDK, what a reader collects is what the snapshot says. */

import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect, onTestFinished, test } from 'vitest';
import { observeNodes } from '../src/opentelemetry.js';
import { openNodes } from './nodes.js';

/** A meter, and all that is collected of it now: by name, the data points. */
function meterOf() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  // Only `collect` makes it export.
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());
  const collect = async () => {
    exporter.reset();
    await reader.forceFlush();
    const metrics = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    return new Map(metrics.map((metric) => [metric.descriptor.name, metric]));
  };
  return { meter: provider.getMeter('test'), collect };
}

test('counters, connections and sockets are observed, and no longer once that is ended', async () => {
  const [a, b] = await openNodes(2);
  b.bind(5000);
  const to = { address: b.address, port: 5000, tcpPort: b.tcpPort };
  await a.bind(4000).sendmsg('abc', to, { until: 'delivered' });
  const [nameOfA, nameOfB] = [a, b].map(({ address, tcpPort }) => `${address}:${tcpPort}`);

  const { meter, collect } = meterOf();
  const end = observeNodes(meter, [a, b]);
  const metrics = await collect();
  const points = (name: string) =>
    metrics.get(name)?.dataPoints.map(({ value, attributes }) => [value, attributes]);
  expect(points('rds.copy_from_user')).toEqual([
    [3, { 'rds.node': nameOfA }],
    [0, { 'rds.node': nameOfB }],
  ]);
  expect(metrics.get('rds.copy_from_user')).toMatchObject({
    descriptor: { unit: 'By', type: 'OBSERVABLE_COUNTER' },
    isMonotonic: true,
  });
  const peer = { 'rds.node': nameOfA, 'rds.peer': nameOfB };
  expect(points('rds.connection.tx.messages')).toContainEqual([1, peer]);
  expect(points('rds.connection.up')).toContainEqual([1, peer]);
  expect(metrics.get('rds.connection.silent')?.descriptor).toMatchObject({
    unit: 's',
    type: 'OBSERVABLE_GAUGE',
  });
  const socket = { 'rds.node': nameOfB, 'rds.port': '5000' };
  expect(points('rds.socket.receive_queue.size')).toContainEqual([64, socket]);
  expect(metrics.get('rds.socket.receive_queue.messages')).toMatchObject({
    descriptor: { unit: '{message}', type: 'OBSERVABLE_UP_DOWN_COUNTER' },
    isMonotonic: false,
  });

  end();
  await a.bind(4001).sendmsg('abc', to, { until: 'delivered' });
  const after = await collect();
  expect(after.get('rds.copy_from_user')?.dataPoints.map(({ value }) => value)).toEqual([3, 0]);
});

test('the nodes are asked for at each collection, and their names do not clash', async () => {
  const nodes = await openNodes(2);
  const [a, b] = nodes;
  let present = [a];
  const { meter, collect } = meterOf();
  observeNodes(meter, () => present);
  const counted = async () => (await collect()).get('rds.sockets')?.dataPoints.length;
  expect(await counted()).toBe(1);
  present = [a, b];
  expect(await counted()).toBe(2);
  const names = [...(await collect()).keys()];
  expect(names.filter((name) => names.some((other) => other.startsWith(`${name}.`)))).toEqual([]);
});
