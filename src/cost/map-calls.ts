/** Work of a Distributed Map: `examples` in `shards`, one call per shard. */
export interface MapWork {
  readonly shards: number;
  readonly examples: number;
  readonly secondsPerExample: number;
  /** Seconds of a call in addition to its examples. */
  readonly overheadSeconds: number;
  readonly concurrency: number;
  readonly initSeconds: number;
  /** Share of the calls that fail, half done on average, and are repeated. */
  readonly retriedShare: number;
}

/**
 * Computes the calls of a Map, and their seconds in all. Without retries, N examples of t seconds
 * in K shards with an overhead of o seconds take N·t + K·o + min(concurrency, K)·init.
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

/** Returns the seconds of one shard, without the start of its function. */
export function shardSeconds(
  work: Pick<MapWork, 'shards' | 'examples' | 'secondsPerExample' | 'overheadSeconds'>,
): number {
  return work.overheadSeconds + (work.examples / Math.max(work.shards, 1)) * work.secondsPerExample;
}
