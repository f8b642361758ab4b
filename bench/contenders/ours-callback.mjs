// Ours, received by a 'message' listener: the way for speed.

import { overTcp } from '../ours/tcp.mjs';

export const contender = overTcp((socket, take) => {
  socket.on('message', take);
});
