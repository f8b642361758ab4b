/**
 * Commands: what `rds` can do. Each is a module that is loaded when it is called, so that a ping
 * does not wait for what draws tables. To add one, add a line, and a file that exports `run`.
 */

export interface CommandModule {
  /** Does it, and gives the exit code; throws what `reportError` says in a sentence. */
  run(args: readonly string[]): Promise<number>;
}

export interface CommandEntry {
  readonly name: string;
  /** One line for `rds --help`. */
  readonly summary: string;
  load(): Promise<CommandModule>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'ping',
    summary: 'test whether a node answers, and how fast',
    load: () => import('./ping.js'),
  },
  {
    name: 'info',
    summary: 'sockets, connections, queues and counters of running nodes',
    load: () => import('./info.js'),
  },
  {
    name: 'top',
    summary: 'the same, live: rates per peer, congestion, reconnects',
    load: () => import('./top.js'),
  },
  {
    name: 'send',
    summary: 'send lines, files or length-prefixed records as datagrams',
    load: () => import('./send.js'),
  },
  {
    name: 'recv',
    summary: 'print the datagrams that come',
    load: () => import('./recv.js'),
  },
  {
    name: 'tap',
    summary: 'the frames that a running node sends and receives, decoded or as pcapng',
    load: () => import('./tap.js'),
  },
  {
    name: 'stress',
    summary: 'exchange messages with rds-stress or another rds stress, and measure',
    load: () => import('./stress/command.js'),
  },
];
