/** Target: what is fuzzed. One execution takes one input, and throws if something does not hold. */

export interface Target {
  readonly name: TargetName;
  /** The bytes that it starts from. */
  readonly seeds: readonly Uint8Array[];
  /** How inputs are changed: byte by byte, or as frames and operations of the grammar. */
  readonly grammar: 'bytes' | 'frames';
  readonly maxInputBytes: number;
  /** Executions between two looks at the coverage: a look costs a millisecond or two. */
  readonly batch: number;
  /**
   * Runs one input. What it gives back are features: states that were reached, in words. An input
   * that reaches a new one is as good as one that reaches new code.
   */
  execute(input: Uint8Array): readonly string[] | Promise<readonly string[]>;
  /** So many bytes of memory it may hold at the moment. */
  readonly heldBytes: number;
}

export const TARGET_NAMES = ['decoder', 'extension', 'handshake', 'node'] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

/** A failed invariant; anything else that is thrown is a failure, too. */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
