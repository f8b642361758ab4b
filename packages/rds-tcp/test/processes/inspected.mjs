// A node with an inspector, which lives until it is killed.

import { createNode } from 'rds-tcp';

const { node: options } = JSON.parse(process.argv[2] ?? '{}');
const node = await createNode({ ...options, inspector: true });
process.send?.({ type: 'ready', tcpPort: node.tcpPort });
