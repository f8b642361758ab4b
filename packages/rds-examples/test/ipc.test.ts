/** `npm run ipc`: a parent and its workers. */

import { expect, test } from 'vitest';
import { example } from './program.js';

test('requests are answered, those to the slow worker wait, and all processes end', async () => {
  await using ipc = example('ipc');
  await ipc.says('slow: has enough queued: requests wait');
  await ipc.says('slow: has room again');
  expect(await ipc.ended).toEqual({ code: 0, signal: null });
  expect(ipc.errors).toBe('');
  for (const worker of ['fast', 'slow']) {
    expect(ipc.output).toContain(`${worker}: the first sum is 714 `);
    expect(ipc.output).toContain(`${worker}: all 100 requests are sent `);
    expect(ipc.output).toContain(`${worker}: all are answered `);
  }
});
