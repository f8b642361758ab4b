// Leaves a node in some state, closes it, and has then to end without help.

import { once } from 'node:events';
import { connect } from 'node:net';
import { createNode } from 'rds-tcp';
import { options, tell } from './parent.mjs';

const { first, second, nobody } = options;
process.channel?.unref();

const a = await createNode({ address: first, tcpPort: 0 });
const b = await createNode({ address: second, tcpPort: 0 });
const alice = a.bind(4000);
const bob = b.bind(5000);
const toBob = { address: second, port: 5000, tcpPort: b.tcpPort };
await alice.sendmsg('hello', toBob, { until: 'delivered' });

/** @type {Record<string, () => unknown>} */
const states = {
  talked: () => bob.recvmsg(),
  unreachable: () => alice.sendmsg('x', { address: nobody, port: 5000 }),
  unread: () => alice.sendmsg('x', toBob),
  waiting: () => ignore(bob.recvmsg({ timeoutMs: 600_000 })),
  pinging: () => ignore(a.ping(nobody, { timeoutMs: 600_000 })),
  stranger: () => once(connect(a.tcpPort, first).unref(), 'connect'),
  reset: () => a.resetConnection({ address: second, tcpPort: b.tcpPort }),
};
await states[options.state]?.();

if (options.how === 'close') await Promise.all([a.close({ deadlineMs: 100 }), b.close()]);
else await Promise.all([a.destroy(), b.destroy()]);
tell('over', { resources: process.getActiveResourcesInfo() });

/** @param {Promise<unknown>} promise */
function ignore(promise) {
  promise.catch(() => {});
}
