// All scenarios, in the order in which they run.

import { cable } from './scenarios/cable.mjs';
import { congestion } from './scenarios/congestion.mjs';
import { counters } from './scenarios/counters.mjs';
import { drop } from './scenarios/drop.mjs';
import { first } from './scenarios/first.mjs';
import { hashes } from './scenarios/hashes.mjs';
import { ipv6 } from './scenarios/ipv6.mjs';
import { later } from './scenarios/later.mjs';
import { mesh } from './scenarios/mesh.mjs';
import { mixed } from './scenarios/mixed.mjs';
import { netem } from './scenarios/netem.mjs';
import { noPings } from './scenarios/no-pings.mjs';
import { pings } from './scenarios/pings.mjs';
import { reboot } from './scenarios/reboot.mjs';
import { relay } from './scenarios/relay.mjs';
import { restart } from './scenarios/restart.mjs';
import { sizes } from './scenarios/sizes.mjs';
import { stop } from './scenarios/stop.mjs';

/** @type {readonly import('./scenario.mjs').Scenario[]} */
export const scenarios = [
  first,
  later,
  pings,
  sizes,
  mixed,
  hashes,
  ipv6,
  counters,
  congestion,
  drop,
  cable,
  stop,
  restart,
  reboot,
  noPings,
  netem,
  mesh,
  relay,
];
