// Ours, received in batches: `recvmsg` waits for the first, `recvmmsg` takes what else is there.

import { overTcp } from '../ours/tcp.mjs';

export const contender = overTcp(async (socket, take) => {
  while (!socket.isClosed) {
    take(await socket.recvmsg());
    for (const message of socket.recvmmsg()) take(message);
  }
});
