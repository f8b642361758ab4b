// How long nothing arrives after the connection was cut. A message is sent every millisecond
// through a proxy, which resets both ends; measured is the time from there until the first message
// arrives that was sent after the cut. `lost` and `repeated` say what became of the others.

import { setTimeout as delay } from 'node:timers/promises';
import { nowMs } from '../numbered.mjs';
import { median } from '../statistics.mjs';
import { PLAIN_PLAN } from '../workload.mjs';

/** Between two looks whether a message has arrived. It is the receiver who noted when. */
const LOOK_MS = 2;
/** The contender is to be at rest again before the next cut, which comes at any moment. */
const PAUSE_MS = 20;
/** No contender waits that long before it dials again. */
const RECOVERY_LIMIT_MS = 10_000;

/** @type {readonly import('../workload.mjs').Workload[]} */
export const workloads = [
  {
    name: 'cut',
    about: 'from a cut of the connection to the next delivery',
    isQuick: true,
    needs: ['reconnect'],
    plan: { ...PLAIN_PLAN, cut: true },
    measure: measureCuts,
  },
];

/** @type {import('../workload.mjs').Workload['measure']} */
async function measureCuts(session, _, { cuts }) {
  await session.sender.ask('tick', 'ticking');
  /** @type {number[]} */
  const gapsMs = [];
  await nextArrival(session, 0);
  for (let count = 0; count < cuts; count++) {
    await delay(PAUSE_MS * (1 + Math.random()));
    const cutAtMs = nowMs();
    if (session.proxy?.cut() !== true) throw new Error('there was no connection to cut');
    gapsMs.push((await nextArrival(session, cutAtMs)) - cutAtMs);
  }
  gapsMs.sort((a, b) => a - b);
  const { lost, repeated } = await session.receiver.ask('lost', 'lost');
  return { cut: median(gapsMs), cutMost: gapsMs.at(-1) ?? 0, lost, repeated };
}

/**
 * When the first message arrived that was sent after this.
 *
 * @param {import('../workload.mjs').Session} session
 * @param {number} sinceMs
 */
async function nextArrival({ receiver }, sinceMs) {
  const lastMs = nowMs() + RECOVERY_LIMIT_MS;
  while (nowMs() < lastMs) {
    /** @type {{ atMs: number | null }} */
    const { atMs } = await receiver.ask(`after ${sinceMs}`, 'after');
    if (atMs !== null) return atMs;
    await delay(LOOK_MS);
  }
  throw new Error(`nothing arrived within ${RECOVERY_LIMIT_MS} ms of a cut`);
}
