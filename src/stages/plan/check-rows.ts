import { isRejected, type Rejected } from '../../data/example.ts';
import { createEncoder, type Features } from '../../data/features/index.ts';
import { isDecoded } from '../../data/features/kind.ts';
import { describeGaps, rowGaps } from '../../data/features/row-gaps.ts';
import { readExamples } from '../../data/read.ts';
import { type SetName, setNames } from '../../data/shard.ts';
import { UserError } from '../../errors.ts';
import type { Context } from '../../run/context.ts';
import type { ShardItem } from '../../run/events.ts';
import { readShard } from '../../run/objects-file.ts';
import type { RunToPlan } from './run-to-plan.ts';

/** Shards read per set, spread over it, and rows read of each. */
const [maxShards, maxRows] = [20, 1_000] as const;

/**
 * Encodes some rows of every other set. Returns a warning for each column that is known in the
 * labeled set and mostly missing or unseen in another one.
 *
 * @throws UserError if more rows than `limits.quarantine` have a value that is not a number in
 *   a numeric column.
 */
export async function checkRows(
  run: RunToPlan,
  features: Features,
  items: readonly ShardItem[],
  context: Context,
): Promise<string[]> {
  if (features.kind !== 'row') return [];
  const warnings: string[] = [];
  const labeled = await sampleSet(run, features, items, 'labeled', context);
  for (const set of setNames.filter((name) => name !== 'labeled')) {
    const sample = await sampleSet(run, features, items, set, context);
    requireFew(sample.rejected, sample.rows, set, run);
    warnings.push(...describeGaps(features, labeled.gaps, sample.gaps, set));
  }
  return warnings;
}

/** Reads rows of up to 20 shards of a set. */
async function sampleSet(
  { config, data, results, run }: RunToPlan,
  features: Extract<Features, { kind: 'row' }>,
  items: readonly ShardItem[],
  set: SetName,
  context: Context,
) {
  const encoder = createEncoder(features);
  const gaps = rowGaps(features);
  const rejected: Rejected[] = [];
  let rows = 0;
  for (const item of spread(items.filter((item) => item.set === set))) {
    const shard = await readShard({ results, run }, item);
    let read = 0;
    for await (const example of readExamples(data, shard, config)) {
      context.signal.throwIfAborted();
      if (read++ === maxRows) break;
      // Damaged rows are counted when they are labeled, with those that are not read here.
      if (isRejected(example)) continue;
      rows++;
      const decoded = await encoder.decode(example);
      if (isDecoded(decoded)) gaps.add(decoded);
      else rejected.push(decoded);
    }
  }
  return { rows, rejected, gaps };
}

function spread(items: readonly ShardItem[]): ShardItem[] {
  const step = Math.max(items.length / maxShards, 1);
  return items.filter((_, index) => Math.floor(index / step) > Math.floor((index - 1) / step));
}

function requireFew(
  rejected: readonly Rejected[],
  rows: number,
  set: SetName,
  { config }: RunToPlan,
): void {
  if (rejected.length <= config.limits.quarantine * rows) return;
  const shown = rejected.slice(0, 3).map(({ id, reason }) => `\n  ${id}: ${reason}`);
  throw new UserError(
    `${rejected.length} of ${rows} rows read of the ${set} set cannot be used, more than the limit of ${config.limits.quarantine * 100}%. The first of them:${shown.join('')}`,
    'Write the columns as in the labeled set, or raise limits.quarantine in distill.yaml.',
  );
}
