// The figures that workloads give: what they are, and which way is better.

/**
 * @typedef {object} Metric
 * @property {string} title with the unit
 * @property {'more' | 'less' | 'none'} better `none`: to be known, and not compared
 * @property {(value: number) => string} format
 */

/** @type {Readonly<Record<string, Metric>>} */
const metrics = {
  rate: { title: 'messages/s', better: 'more', format: withPrefix },
  cpu: { title: 'CPU s per 10⁶, both sides', better: 'less', format: significant },
  rss: { title: 'peak RSS MiB, both sides', better: 'less', format: significant },
  p50: { title: 'p50 µs', better: 'less', format: significant },
  p99: { title: 'p99 µs', better: 'less', format: significant },
  p999: { title: 'p99.9 µs', better: 'less', format: significant },
  idle: { title: 'RSS KiB per connected peer', better: 'less', format: significant },
  cut: { title: 'median ms to the next delivery', better: 'less', format: significant },
  cutMost: { title: 'longest ms', better: 'less', format: significant },
  lost: { title: 'lost', better: 'none', format: significant },
  repeated: { title: 'repeated', better: 'none', format: significant },
};

/** @param {string} name */
export function metricOf(name) {
  const metric = metrics[name];
  if (metric === undefined) throw new Error(`There is no metric “${name}”.`);
  return metric;
}

/** @param {number} value */
export function significant(value) {
  if (!Number.isFinite(value)) return '-';
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** @param {number} value */
function withPrefix(value) {
  if (value >= 1e6) return `${significant(value / 1e6)} M`;
  if (value >= 1e3) return `${significant(value / 1e3)} k`;
  return significant(value);
}
