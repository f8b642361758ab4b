// Ours, received by `for await`.

import { overTcp } from '../ours/tcp.mjs';

export const contender = overTcp(async (socket, take) => {
  for await (const message of socket) take(message);
});
