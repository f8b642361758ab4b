// All scenarios, in the order in which they run.

import { cable } from './scenarios/cable.mjs';
import { congestion } from './scenarios/congestion.mjs';
import { counters } from './scenarios/counters.mjs';
import { drop } from './scenarios/drop.mjs';
import { example } from './scenarios/example.mjs';
import { first } from './scenarios/first.mjs';
import { hashes } from './scenarios/hashes.mjs';
import { ipv6 } from './scenarios/ipv6.mjs';
import { later } from './scenarios/later.mjs';
import { limits } from './scenarios/limits.mjs';
import { mesh } from './scenarios/mesh.mjs';
import { mixed } from './scenarios/mixed.mjs';
import { netem } from './scenarios/netem.mjs';
import { noPings } from './scenarios/no-pings.mjs';
import { nobody } from './scenarios/nobody.mjs';
import { pings } from './scenarios/pings.mjs';
import { reboot } from './scenarios/reboot.mjs';
import { relay } from './scenarios/relay.mjs';
import { restart } from './scenarios/restart.mjs';
import { sizes } from './scenarios/sizes.mjs';
import { stop } from './scenarios/stop.mjs';
import { stress } from './scenarios/stress.mjs';
import { unread } from './scenarios/unread.mjs';

/** @type {readonly import('./scenario.mjs').Scenario[]} */
export const scenarios = [
  example,
  first,
  later,
  pings,
  nobody,
  limits,
  sizes,
  mixed,
  hashes,
  ipv6,
  counters,
  congestion,
  drop,
  unread,
  cable,
  stop,
  restart,
  reboot,
  noPings,
  netem,
  mesh,
  relay,
  stress,
];
