// Installs the peers, once for each content of their lockfile. They are no dependency of anything
// else: who does not run the benchmark never has them.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runPnpm } from '../scripts/process.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const stamp = `${folder}node_modules/.installed`;

export async function installPeers() {
  const hash = createHash('sha256')
    .update(readFileSync(`${folder}pnpm-lock.yaml`))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  console.error('installing what we are compared with…');
  await runPnpm('install --frozen-lockfile', folder);
  writeFileSync(stamp, hash);
}
