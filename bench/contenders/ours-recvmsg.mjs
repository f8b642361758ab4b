// Ours, received one by one with `recvmsg`.

import { overTcp } from '../ours/tcp.mjs';

export const contender = overTcp(async (socket, take) => {
  while (!socket.isClosed) take(await socket.recvmsg());
});
