/**
 * rds-tcp/opentelemetry: the counters, connections and sockets of nodes as observable instruments
 * of a Meter. The meter is yours, and known by its shape: nothing of OpenTelemetry is imported.
 */

import { hostPort, METRICS, type Metric, type ObservedNode } from './metrics.js';

export type { ObservedNode } from './metrics.js';

/** What is needed of a `Meter` of @opentelemetry/api. */
export interface MeterLike<I = unknown> {
  createObservableCounter(name: string, options: InstrumentOptions): I;
  createObservableUpDownCounter(name: string, options: InstrumentOptions): I;
  createObservableGauge(name: string, options: InstrumentOptions): I;
  addBatchObservableCallback(callback: BatchCallback<I>, instruments: I[]): void;
  removeBatchObservableCallback(callback: BatchCallback<I>, instruments: I[]): void;
}

/** What an instrument is described with. */
export interface InstrumentOptions {
  readonly description: string;
  /** In the notation of UCUM. */
  readonly unit: string;
}

/** Reports all values at once, when the meter collects. */
export type BatchCallback<I> = (result: {
  observe(instrument: I, value: number, attributes: Record<string, string | number>): void;
}) => void;

const UNITS = { bytes: 'By', seconds: 's', messages: '{message}', none: '1' } as const;

/**
 * Registers all metrics, which then are read whenever the meter's readers collect: one snapshot
 * per node each time. `nodes` is asked anew each time. Returns how to end it.
 */
export function observeNodes<I>(
  meter: MeterLike<I>,
  nodes: Iterable<ObservedNode> | (() => Iterable<ObservedNode>),
): () => void {
  const instruments = METRICS.map((metric) => instrument(meter, metric));
  const callback: BatchCallback<I> = (result) => {
    for (const observed of typeof nodes === 'function' ? nodes() : nodes) {
      const info = observed.info();
      const node = { 'rds.node': hostPort(info) };
      for (const [index, { samples }] of METRICS.entries()) {
        for (const { value, of } of samples(info)) {
          result.observe(instruments[index] as I, value, { ...node, ...attributes(of) });
        }
      }
    }
  };
  meter.addBatchObservableCallback(callback, instruments);
  return () => meter.removeBatchObservableCallback(callback, instruments);
}

function instrument<I>(meter: MeterLike<I>, metric: Metric): I {
  const { unit, kind, help } = metric;
  const name = instrumentName(metric);
  const options = { description: help, unit: UNITS[unit] };
  if (kind === 'counter') return meter.createObservableCounter(name, options);
  // Of queues and sockets there is a sum over nodes; of times there is none.
  if (unit === 'seconds') return meter.createObservableGauge(name, options);
  return meter.createObservableUpDownCounter(name, options);
}

/** The unit is no part of a name, but what is counted in two units needs two names. */
function instrumentName({ scope, name, unit }: Metric): string {
  if (scope === 'node') return `rds.${name}`;
  const what = { bytes: '.size', messages: '.messages', seconds: '', none: '' }[unit];
  return `rds.${scope}.${name}${what}`;
}

/** Labels in our own namespace, as OpenTelemetry wants it of what it has no name for. */
function attributes(of: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [`rds.${name}`, value]));
}
