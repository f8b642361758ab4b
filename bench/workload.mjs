// What a workload is, and the measurements that several have in common.

/**
 * @typedef {import('./contender.mjs').Plan} Plan
 * @typedef {import('./contender.mjs').Feature} Feature
 * @typedef {import('./session.mjs').Session} Session
 * @typedef {import('./session.mjs').Lengths} Lengths
 */

/** @typedef {Readonly<Record<string, number>>} Figures by the name of their metric */

/**
 * @typedef {object} Workload
 * @property {string} name
 * @property {string} about
 * @property {boolean} isQuick whether it is part of `--quick`
 * @property {readonly Feature[]} needs
 * @property {Omit<Plan, 'network'>} plan
 * @property {string} [baseWorkload] where its ratios come from, if the base can not do this one
 * @property {boolean} [onOneCore]
 * @property {(session: Session, plan: Plan, lengths: Lengths) => Promise<Figures>} measure
 */

/** @type {Omit<Plan, 'network'>} One small message after the other, one way. */
export const PLAIN_PLAN = {
  ...{ sizeBytes: 64, senders: 1, receivers: 1, sockets: 1, active: 1 },
  ...{ echo: false, receipts: false, cut: false },
};

/** Of one measurement: fewer say nothing. */
const LEAST_MESSAGES = 16;
/** Of one measurement: what is left of the 32 bits of a message's number. */
const MOST_MESSAGES = 2 ** 30;

/** @type {Workload['measure']} How fast messages go one way, and what that costs. */
export async function measureRate(session, plan, { warmUpMs, measureMs }) {
  // Twice, since the first half is compiling: the second tells how many fit the time.
  await session.warmUp(warmUpMs / 2);
  const perMs = await session.warmUp(warmUpMs / 2);
  const wanted = Math.min(Math.max(perMs * measureMs, LEAST_MESSAGES), MOST_MESSAGES);
  // Each flow carries as many as the others.
  const messages = Math.ceil(wanted / plan.active) * plan.active;
  const before = await session.usage();
  const arrived = await session.carry(messages);
  const after = await session.usage();
  const cpuMs = sum(after.map(({ cpuMs }) => cpuMs)) - sum(before.map(({ cpuMs }) => cpuMs));
  return {
    // The clock starts when the first is there, so the others are what it measures.
    rate: ((arrived.messages - 1) / arrived.ms) * 1000,
    cpu: cpuMs / 1000 / (arrived.messages / 1e6),
    rss: sum(after.map(({ peakKib }) => peakKib)) / 1024,
  };
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
