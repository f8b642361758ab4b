// The child's end of a Child: its options, and messages to and from the test.

import { once } from 'node:events';

/** @type {any} */
export const options = JSON.parse(process.argv[2] ?? '{}');

/** @param {string} type @param {object} [content] */
export function tell(type, content = {}) {
  process.send?.({ type, ...content });
}

/**
 * The next message of the test.
 *
 * @returns {Promise<any>}
 */
export async function hear() {
  const [message] = await once(process, 'message');
  return message;
}
