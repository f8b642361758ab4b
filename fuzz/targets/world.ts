/**
 * The handshake and the node: a real node in a simulated world, which is a new one for each
 * execution, so that a failure needs nothing but its input to be seen again.
 */

import {
  SeededRandom,
  SimulatedClock,
  SimulatedNetwork,
} from '../../packages/rds-core/src/testing/index.js';
import { Honest } from '../hostile/honest.js';
import { Script } from '../hostile/script.js';
import { CHUNK_BYTES, Victim } from '../hostile/victim.js';
import { hashOf } from '../input.js';
import { handshakeSeeds, nodeSeeds } from '../script-seeds.js';
import { check, type Target } from '../target.js';

/** For what is on its way; a timer that nobody has cancelled takes longer. */
const END_MS = 50;

/** First words, to a victim that is alone. */
export const handshakeTarget: Target = {
  name: 'handshake',
  grammar: 'frames',
  maxInputBytes: 1000,
  batch: 128,
  heldBytes: 0,
  seeds: handshakeSeeds(),
  execute: (input) => execute(input, 'alone'),
};

/** A longer story, while honest nodes talk to the victim. */
export const nodeTarget: Target = {
  name: 'node',
  grammar: 'frames',
  maxInputBytes: 4000,
  batch: 128,
  heldBytes: 0,
  seeds: [...handshakeSeeds(), ...nodeSeeds()],
  execute: (input) => execute(input, 'in company'),
};

async function execute(input: Uint8Array, how: 'alone' | 'in company'): Promise<string[]> {
  const chance = hashOf(input);
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock, new SeededRandom(chance), {
    maxChunkBytes: CHUNK_BYTES,
  });
  const victim = await Victim.open(clock, network);
  const honest = how === 'alone' ? null : await Honest.open(clock, network, victim);
  const script = new Script(clock, network, victim, honest);
  await script.listen();

  await script.play(input);
  honest?.send();
  await clock.advance(20);
  victim.checkLimits();
  if (chance & 1) script.destroy();
  victim.readAll();
  await honest?.arrive();
  victim.checkLimits();
  const features = victim.features();

  await victim.close((chance & 2) !== 0);
  script.destroy();
  await honest?.destroy();
  await clock.runUntil(() => clock.pending === 0, END_MS).catch(() => {});
  check(clock.pending === 0, `${clock.pending} events are left when all is closed`);
  return features;
}
