// Receives numbered messages and says whether each came once and in order.

import { createNode } from 'rds-tcp';
import { hear, options, tell } from './parent.mjs';

const node = await createNode(options.node);
let received = 0;
let wrong = 0;
node.bind(5000).on('message', ({ data }) => {
  const number = new DataView(data.buffer, data.byteOffset).getUint32(0);
  if (number !== received) wrong++;
  received++;
});
tell('ready', { tcpPort: node.tcpPort });

while ((await hear()).type === 'ask') tell('count', { received, wrong });
tell('closed', await node.close());
process.disconnect();
