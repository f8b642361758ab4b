// The report as files: README.md with the tables, a chart per workload, and all measurements as
// JSON, from which everything else can be worked out again.

import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chartOf } from './chart.mjs';
import { markdownOf } from './markdown.mjs';

const OWN_README = fileURLToPath(new URL('README.md', import.meta.url));

/**
 * @param {import('./report.mjs').Report} report
 * @param {string} folder
 */
export function writeReport(report, folder) {
  /** @type {Map<string, string>} */
  const charts = new Map();
  for (const { name, about, rows } of report.sections) {
    const chart = rows[0] === undefined ? null : chartOf(about, rows[0]);
    if (chart === null) continue;
    charts.set(name, `${name}.svg`);
    writeFileSync(join(folder, `${name}.svg`), chart);
  }
  const link = relative(folder, OWN_README).replaceAll('\\', '/');
  writeFileSync(join(folder, 'README.md'), markdownOf(report, charts, link));
  const { facts, contenders, skipped, measurements } = report;
  const results = { facts, contenders, skipped, measurements };
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
}
