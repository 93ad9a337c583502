/** A Distributed Map: `examples` in `shards`, one call a shard. */
export interface MapWork {
  readonly shards: number;
  readonly examples: number;
  readonly secondsPerExample: number;
  /** Seconds of a call beside its examples. */
  readonly overheadSeconds: number;
  readonly concurrency: number;
  readonly initSeconds: number;
  /** Part of the calls that fail, half done on average, and are made again. */
  readonly retriedShare: number;
}

/**
 * With N examples of t seconds in K shards, of o seconds each beside its examples:
 * N·t + K·o + min(concurrency, K)·init, and what is done twice.
 *
 * @returns all calls, and their seconds together.
 */
export function mapCalls(work: MapWork): { calls: number; seconds: number } {
  const { shards, examples, secondsPerExample, overheadSeconds, retriedShare } = work;
  const once = examples * secondsPerExample + shards * overheadSeconds;
  const starts = Math.min(work.concurrency, shards) * work.initSeconds;
  return {
    calls: shards + Math.ceil(shards * retriedShare),
    seconds: once * (1 + retriedShare / 2) + starts,
  };
}

/** One shard of it, once it has started. */
export function shardSeconds(
  work: Pick<MapWork, 'shards' | 'examples' | 'secondsPerExample' | 'overheadSeconds'>,
): number {
  return work.overheadSeconds + (work.examples / Math.max(work.shards, 1)) * work.secondsPerExample;
}
