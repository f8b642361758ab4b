/**
 * rds-tcp/prometheus: the counters, connections and sockets of nodes in the text format that
 * Prometheus scrapes, version 0.0.4. Uses nothing but the node's snapshot.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostPort, METRICS, type Metric, type ObservedNode } from './metrics.js';

export type { ObservedNode } from './metrics.js';

/** The `content-type` of what `prometheusText` gives. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** All metrics of the nodes, each told apart by its label `node`. */
export function prometheusText(...nodes: readonly ObservedNode[]): string {
  const infos = nodes.map((node) => node.info());
  return METRICS.map((metric) => {
    const name = prometheusName(metric);
    const lines = infos.flatMap((info) =>
      metric.samples(info).map(({ value, of }) => {
        return `${name}${labels({ node: hostPort(info), ...of })} ${value}\n`;
      }),
    );
    if (lines.length === 0) return '';
    const head = `# HELP ${name} ${escapeHelp(metric.help)}\n# TYPE ${name} ${metric.kind}\n`;
    return head + lines.join('');
  }).join('');
}

/** Answers GET and HEAD, whatever the path, and 405 to all else: for `http.createServer`. */
export function prometheusHandler(
  ...nodes: readonly ObservedNode[]
): (request: IncomingMessage, response: ServerResponse) => void {
  return ({ method }, response) => {
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    const body = prometheusText(...nodes);
    const length = String(Buffer.byteLength(body));
    response.writeHead(200, { 'content-type': PROMETHEUS_CONTENT_TYPE, 'content-length': length });
    response.end(method === 'HEAD' ? undefined : body);
  };
}

/** `rds_`, the scope, the name, the unit, and `_total` of what only grows. */
function prometheusName({ scope, name, unit, kind }: Metric): string {
  const parts = ['rds', scope === 'node' ? '' : scope, name, unit === 'none' ? '' : unit];
  return [...parts, kind === 'counter' ? 'total' : ''].filter((part) => part !== '').join('_');
}

function labels(of: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(of).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return escapeHelp(value).replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
