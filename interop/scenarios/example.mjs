// The programs of docs/LINUX.md: one in Python for the Linux machine, one for ours. They run as
// they stand there, at the addresses of the lab.

import { readFileSync } from 'node:fs';
import { createNode } from '../../packages/rds-tcp/dist/index.js';
import { ownAddress } from '../bridge.mjs';
import { casesOf, SIDES, scenario } from '../scenario.mjs';
import { check } from '../verdict.mjs';

const DOCUMENT = new URL('../../docs/LINUX.md', import.meta.url);
const OURS = '10.0.0.1';
const THEIRS = '10.0.0.2';
const THEIR_PORT = 5000;
/** Python is read from the host's disk, through the kernel's file system, for the first time. */
const START_LIMIT_SECONDS = 40;

export const example = scenario({
  name: 'example',
  about: 'the two programs of docs/LINUX.md, as they stand there',
  cases: casesOf({ ours: SIDES }),
  async run(lab, { ours }) {
    const kernel = lab.kernel();
    const here = (/** @type {string} */ code) =>
      code.replaceAll(OURS, ownAddress(ours)).replaceAll(THEIRS, kernel.address);
    const python = here(blockOf('python'));
    const script = here(blockOf('js')).replace(/^import .*\n/m, '');
    const argv = [lab.uml.python, '-c', python];
    const answering = kernel.call('execute', { argv, seconds: START_LIMIT_SECONDS });
    // A message to a port without a socket would be dropped.
    await Promise.race([kernel.waitForPort(THEIR_PORT, START_LIMIT_SECONDS), answering]);
    /** @type {string[]} */
    const lines = [];
    const log = { log: (/** @type {unknown[]} */ ...words) => lines.push(words.join(' ')) };
    const create = async (/** @type {import('../own-peer.mjs').NodeOptions} */ options) => {
      const node = await createNode(options);
      lab.keep({ address: node.address, close: () => node.destroy() });
      return node;
    };
    const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
    await new AsyncFunction('createNode', 'console', script)(create, log);
    const { status, output } = await answering;
    check(status === 0, `the Python program ended with ${status}: ${output}`);
    check(output.includes('hello'), `the Python program printed: ${output}`);
    check(lines.join('\n').includes('hello yourself'), `ours printed: ${lines.join('\n')}`);
    return { messages: 2, bytes: 0 };
  },
});

/** @param {string} language */
function blockOf(language) {
  const text = readFileSync(DOCUMENT, 'utf8');
  const [, code] =
    new RegExp(`^\`\`\`${language} linux\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text) ?? [];
  if (code === undefined) throw new Error(`docs/LINUX.md has no block ${language} linux`);
  return code;
}
