import { classLookup, unknownLabel } from '../../data/classes.ts';
import { type Example, isRejected } from '../../data/example.ts';
import { type Features, fitFeatures } from '../../data/features/index.ts';
import { readExamples } from '../../data/read.ts';
import { UserError } from '../../errors.ts';
import type { Context } from '../../run/context.ts';
import type { ShardItem } from '../../run/events.ts';
import { readShard } from '../../run/objects-file.ts';
import type { RunToPlan } from './run-to-plan.ts';

/** Result of fitting to the labeled examples. */
export interface LabeledFit {
  readonly features: Features;
  /** Labeled examples per class, [classes]. */
  readonly counts: Float64Array;
}

/**
 * Fits the features to the labeled examples.
 *
 * @param labeled The shards of the labeled set, and of the validation set if the teacher learns it.
 * @throws UserError if a label is not a class, or if no example is usable.
 */
export async function fitToLabeled(
  run: RunToPlan,
  classes: string[],
  labeled: readonly ShardItem[],
  context: Context,
): Promise<LabeledFit> {
  const counts = new Float64Array(classes.length);
  const examples = checkedExamples(run, labeled, classes, counts, context);
  const features = await fitFeatures(run.config.task, run.config.data, examples);
  return { features, counts };
}

/**
 * Reads the labeled examples, and checks that each label is a class.
 *
 * @param counts Receives the number of examples per class.
 */
async function* checkedExamples(
  { config, data, results, run }: RunToPlan,
  items: readonly ShardItem[],
  classes: string[],
  counts: Float64Array,
  context: Context,
): AsyncIterable<Example> {
  const lookup = classLookup(classes);
  let done = 0;
  for (const labeled of items) {
    const shard = await readShard({ results, run }, labeled);
    for await (const item of readExamples(data, shard, config)) {
      context.signal.throwIfAborted();
      if (isRejected(item)) continue;
      const index = lookup(item.label);
      if (index === undefined) throw unknownLabel(item, shard.set, classes);
      counts[index]! += 1;
      done++;
      yield item;
    }
  }
  if (done > 0) return;
  throw new UserError(
    'the labeled set has no usable example',
    'Look at the files in labeled/: every image needs its label, every row its target.',
  );
}
