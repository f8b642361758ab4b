/**
 * `rds stress`: sends messages between two machines as fast as they are answered, and says how
 * fast that is; with rds-stress, the tool of rds-tools, or with another `rds stress`.
 */

import { RDS_TCP_PORT } from '@rds-tcp/core';
import { type Command, Option } from 'commander';
import { resolveHost, wholeNumber } from '../arguments.js';
import { newCommand, parseArguments } from '../command.js';
import { EXIT, usageError } from '../exit.js';
import { Interrupt } from '../interrupt.js';
import { terminalOf } from '../live-text.js';
import { Output } from '../output.js';
import { Report } from './report.js';
import { TIMING } from './run.js';
import { leastMessageBytes, MAX_DEPTH, MAX_MESSAGE_BYTES, MAX_TASKS } from './settings.js';
import { runActive, runPassive } from './sides.js';

/** The largest number that the options block has room for. */
const MAX_U32 = 2 ** 32 - 1;

/** The names that commander makes of the long options. */
interface StressOptions {
  readonly recvAddr?: string;
  readonly sendAddr?: string;
  readonly port: number;
  readonly reqBytes: number;
  readonly ackBytes?: number;
  readonly depth: number;
  readonly tasks: number;
  readonly time: number;
  readonly oneWay: boolean;
  readonly verify: boolean;
  readonly reportSummary: boolean;
  readonly connectRetries: number;
  readonly tos: number;
  readonly peerVersion: string;
  readonly tcpPort: number;
  readonly json: boolean;
  readonly inspector: boolean;
}

/** As defaults of theirs, commander would print them. */
const NOT_GIVEN = {
  oneWay: false,
  verify: false,
  reportSummary: false,
  json: false,
  inspector: false,
};

/** Options of rds-stress that mean nothing here, and what is said of them. */
const REFUSED: readonly (readonly [flags: string, why: string])[] = [
  ['-D, --rdma-bytes [bytes]', 'there is no RDMA over TCP'],
  ['-I, --rdma-buffers [iovecs]', 'there is no RDMA over TCP'],
  ['-M, --rdma-mode [nr]', 'there is no RDMA over TCP'],
  ['--rdma-use-once [enable]', 'there is no RDMA over TCP'],
  ['--rdma-use-get-mr [enable]', 'there is no RDMA over TCP'],
  ['--rdma-use-fence [enable]', 'there is no RDMA over TCP'],
  ['--rdma-use-notify [enable]', 'there is no RDMA over TCP'],
  ['--rdma-cache-mrs [enable]', 'there is no RDMA over TCP'],
  ['--rdma-alignment [alignment]', 'there is no RDMA over TCP'],
  ['--rdma-key-o-meter', 'there is no RDMA over TCP'],
  ['--async', 'all sends are asynchronous here'],
  ['-R, --rtprio', 'there are no parent and children whose priorities could differ'],
  ['-V, --trace', "'rds tap' shows what is sent"],
  ['--show-perfdata', '--json gives figures to programs'],
  ['--show-outliers [rtt]', 'the histogram in the end shows them'],
  ['--reset', 'the node is our own and new, so there is nothing to reset'],
  ['--cancel-sent-to', 'the end of a run waits for what was sent'],
  ['--abort-after [seconds]', '-T ends a run in good order'],
  ['--disable-inq', 'messages are given to a listener, and nobody asks how many there are'],
];

/** Options of rds-stress that ask for what is done anyway. */
const GIVEN = ['-c, --report-cpu', '--show-histogram', '--show-params', '--use-cong-monitor [on]'];

function stressCommand(): Command {
  const command = newCommand({
    name: 'stress',
    description:
      'Exchanges requests and acks with rds-stress of a Linux machine, or with another rds ' +
      'stress, checks each of them, and tells how many and how fast. Without -s it waits for the ' +
      'active side, which decides all else, and serves one run.',
    examples: [
      ['stress', 'the passive side'],
      ['stress -s 10.0.0.2 -q 4K -t 2 -d 8 -T 30', 'the active side, for 30 seconds'],
      ['stress -s 10.0.0.2 -v -o -z -T 10', 'one way, filled and compared, only a summary'],
      ['stress -r 127.0.0.2', 'both sides on one machine: this one'],
      ['stress -r 127.0.0.1 -s 127.0.0.2 -d 16', '… and that one'],
    ],
    exitCodes: {
      0: 'the run ended in good order: by -T, by the active side, or by Ctrl-C',
      1: 'a message was wrong, the peer left early, or the run could not start',
      2: 'wrong arguments',
      130: 'Ctrl-C before there was a run',
    },
  });
  // Named with a sentence of our own.
  command.allowExcessArguments();
  addCommonOptions(command);
  addActiveOptions(command);
  addOthersOptions(command);
  return command;
}

function addCommonOptions(command: Command): void {
  command
    .option('-r, --recv-addr <ADDRESS>', 'our own address; otherwise that which reaches the peer')
    .option(
      '-p, --port <N>',
      'TCP port of the control connection; the tasks have the RDS ports after it',
      wholeNumber('-p', 1, 65_534),
      4000,
    )
    .option(
      '--tcp-port <N>',
      'the TCP port of both nodes; a kernel has 16385',
      wholeNumber('--tcp-port', 1, 65_535),
      RDS_TCP_PORT,
    )
    .option('--inspector', 'let rds info, rds top and rds tap look into our node')
    .option('--json', 'one JSON object a line, for each second and in the end');
}

function addActiveOptions(command: Command): void {
  command
    .option('-s, --send-addr <ADDRESS>', 'the passive side; makes this the active one')
    .option('-q, --req-bytes <BYTES>', 'size of a request; 4K is 4096', bytes('-q'), 1024)
    .option('-a, --ack-bytes <BYTES>', 'size of an ack; the least is the header', bytes('-a'))
    .option(
      '-d, --depth <N>',
      'requests unanswered per pair of tasks',
      wholeNumber('-d', 1, MAX_DEPTH),
      1,
    )
    .option('-t, --tasks <N>', 'tasks on each side', wholeNumber('-t', 1, MAX_TASKS), 1)
    .option(
      '-T, --time <S>',
      'seconds to measure; 0: until Ctrl-C',
      wholeNumber('-T', 0, MAX_U32),
      0,
    )
    .option('-o, --one-way', 'only the active side sends requests')
    .option('-v, --verify', 'fill messages with a pattern, and compare it')
    .option('-z, --report-summary', 'no line each second, only a summary')
    .option(
      '--connect-retries <N>',
      'how often to try again, a second apart, if the passive side is not there',
      wholeNumber('--connect-retries', 0, MAX_U32),
      0,
    )
    .option('-Q, --tos <N>', 'type of service of the sockets', wholeNumber('-Q', 0, 255), 0)
    .option('--peer-version <V>', 'of the rds-stress there, for -Q and IPv6', '2.0.7');
}

/** Commander is told the other options of rds-stress too, so that we can say what of them. */
function addOthersOptions(command: Command): void {
  for (const flags of GIVEN) command.addOption(new Option(flags).hideHelp());
  for (const [flags, why] of REFUSED) {
    const option = new Option(flags).hideHelp();
    command.addOption(option);
    command.on(`option:${option.name()}`, () => {
      throw usageError(`${option.short ?? option.long} is not for rds stress: ${why}`);
    });
  }
}

export async function run(args: readonly string[]): Promise<number> {
  const command = parseArguments(stressCommand(), args);
  if (command === null) return EXIT.done;
  if (command.args.length > 0) {
    throw usageError(`there is no argument '${command.args[0]}'; the peer is named with -s`);
  }
  const options = { ...NOT_GIVEN, ...command.opts<StressOptions>() };
  const [local, peer] = await Promise.all([resolved(options.recvAddr), resolved(options.sendAddr)]);
  const output = new Output(process.stdout);
  const interrupt = new Interrupt();
  const side = {
    local,
    tcpPort: options.tcpPort,
    inspector: options.inspector,
    report: new Report(output, new Output(process.stderr), options, terminalOf(process.stdout)),
    signal: AbortSignal.any([interrupt.signal, output.gone]),
    timing: TIMING,
  };
  try {
    if (peer === undefined) await runPassive({ ...side, basePort: options.port });
    else await runActive({ ...side, ...options, peer, settings: settingsOf(options, peer) });
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
    return interrupt.exitCode ?? EXIT.done;
  }
  return EXIT.done;
}

function settingsOf(options: StressOptions, peer: string) {
  const least = leastMessageBytes(peer);
  const { reqBytes: requestBytes, ackBytes = least } = options;
  for (const [what, size] of Object.entries({ '-q': requestBytes, '-a': ackBytes })) {
    if (size < least)
      throw usageError(`${what} is ${size}, less than the header of ${least} bytes`);
  }
  return {
    requestBytes,
    ackBytes,
    depth: options.depth,
    tasks: options.tasks,
    basePort: options.port,
    runSeconds: options.time,
    oneWay: options.oneWay,
    verify: options.verify,
    summaryOnly: options.reportSummary,
    tos: options.tos,
  };
}

async function resolved(host: string | undefined): Promise<string | undefined> {
  return host === undefined ? undefined : resolveHost(host);
}

/** A number of bytes, with K or M for 1024 or its square. */
function bytes(what: string): (text: string) => number {
  const number = wholeNumber(what, 0, MAX_MESSAGE_BYTES);
  return (text) => {
    const [, digits, unit = ''] = /^(\d+)([kKmM])$/.exec(text) ?? [];
    if (digits === undefined) return number(text);
    return number(String(Number(digits) * (unit.toLowerCase() === 'k' ? 1024 : 1024 * 1024)));
  };
}
