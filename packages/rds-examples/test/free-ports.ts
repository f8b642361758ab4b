/** TCP ports for programs that have to be told one. */

import { createServer } from 'node:net';

/** Below what systems give to those who want any port. */
const FIRST = 10_000;
const LAST = 30_000;

/** The first of `count` ports in a row that are free at 127.0.0.1. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
