// All workloads, in the order in which they are shown.

import { workloads as cut } from './workloads/cut.mjs';
import { workloads as fan } from './workloads/fan.mjs';
import { workloads as oneWay } from './workloads/one-way.mjs';
import { workloads as peers } from './workloads/peers.mjs';
import { workloads as pingPong } from './workloads/ping-pong.mjs';
import { workloads as receipts } from './workloads/receipts.mjs';
import { workloads as sockets } from './workloads/sockets.mjs';

/** @type {readonly import('./workload.mjs').Workload[]} */
export const workloads = [oneWay, pingPong, sockets, fan, peers, receipts, cut].flat();
