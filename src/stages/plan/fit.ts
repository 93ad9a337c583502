import { type Example, isRejected } from '../../data/example.ts';
import type { ColumnsReport } from '../../data/features/column-report.ts';
import { type Features, fitFeatures } from '../../data/features/index.ts';
import { readExamples } from '../../data/read.ts';
import type { Context } from '../../run/context.ts';
import type { ShardItem } from '../../run/events.ts';
import { readShard } from '../../run/objects-file.ts';
import type { LabelCheck } from './check-labels.ts';
import { createSample, type LabeledSample } from './labeled-sample.ts';
import type { RunToPlan } from './run-to-plan.ts';

/** Result of fitting to the labeled examples. */
export interface LabeledFit {
  readonly features: Features;
  /** Labeled examples per class, [classes]. */
  readonly counts: Float64Array;
  /** A few labeled examples of every class. */
  readonly sample: readonly Example[];
  /** Description of the columns of a table. */
  readonly table: ColumnsReport | undefined;
}

/**
 * Fits the features to the labeled examples.
 *
 * @param labeled The shards of the labeled set, and of the validation set if the teacher learns it.
 * @param labels Receives every label.
 * @throws UserError if a label is not a class, or if few examples are usable.
 */
export async function fitToLabeled(
  run: RunToPlan,
  classes: string[],
  labeled: readonly ShardItem[],
  labels: LabelCheck,
  context: Context,
): Promise<LabeledFit> {
  const counts = new Float64Array(classes.length);
  const sample = createSample(classes.length);
  const found = { counts, sample };
  const examples = checkedExamples(run, labeled, labels, found, context);
  let table: ColumnsReport | undefined;
  const { task, data } = run.config;
  const features = await fitFeatures(task, data, examples, (report) => {
    table = report;
  });
  return { features, counts, sample: sample.examples, table };
}

/**
 * Reads the labeled examples, and checks that each label is a class.
 *
 * @param found Receives the number of examples per class, and a sample.
 */
async function* checkedExamples(
  { config, data, results, run }: RunToPlan,
  items: readonly ShardItem[],
  labels: LabelCheck,
  found: { readonly counts: Float64Array; readonly sample: LabeledSample },
  context: Context,
): AsyncIterable<Example> {
  for (const labeled of items) {
    const shard = await readShard({ results, run }, labeled);
    for await (const item of readExamples(data, shard, config)) {
      context.signal.throwIfAborted();
      const index = labels.add(item, shard.set);
      if (index === undefined || isRejected(item)) continue;
      found.counts[index]! += 1;
      found.sample.offer(item, index);
      yield item;
    }
  }
  labels.requireUsable('labeled');
  labels.requireFew();
}
