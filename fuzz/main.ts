/**
 * Starts to count before anything of the core is loaded: V8 knows only of the functions that it
 * has seen come.
 */

import { Session } from 'node:inspector';

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

const url = new URL('fuzzer.js', import.meta.url).href;
const { fuzz } = (await import(url)) as typeof import('./fuzzer.js');
await fuzz(session);
