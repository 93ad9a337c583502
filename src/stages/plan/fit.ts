import { type Example, isRejected } from '../../data/example.ts';
import type { ColumnsReport } from '../../data/features/column-report.ts';
import { type Features, fitFeatures } from '../../data/features/index.ts';
import { readExamples } from '../../data/read.ts';
import { type Decisions, decidedClasses, decisionsOf } from '../../debias/decisions.ts';
import type { Context } from '../../run/context.ts';
import type { ShardItem } from '../../run/events.ts';
import { readShard } from '../../run/objects-file.ts';
import type { LabelCheck } from './check-labels.ts';
import { createSample, type LabeledSample } from './labeled-sample.ts';
import type { RunToPlan } from './run-to-plan.ts';

/** Result of fitting to the labeled examples. */
export interface LabeledFit {
  readonly features: Features;
  /** Number of labeled examples. */
  readonly examples: number;
  /** Labeled examples per class, [classes]; in a multi-label task, those that have the label. */
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
  const found: Found = {
    decisions: decisionsOf(run.config.task, classes.length),
    examples: 0,
    counts: new Float64Array(classes.length),
    sample: createSample(classes.length),
  };
  const examples = checkedExamples(run, labeled, labels, found, context);
  let table: ColumnsReport | undefined;
  const { task, data } = run.config;
  const features = await fitFeatures(task, data, examples, (report) => {
    table = report;
  });
  const { counts, sample } = found;
  return { features, examples: found.examples, counts, sample: sample.examples, table };
}

/** Findings about the labeled examples. */
interface Found {
  readonly decisions: Decisions;
  examples: number;
  readonly counts: Float64Array;
  readonly sample: LabeledSample;
}

/**
 * Reads the labeled examples, and checks that each label is a class.
 *
 * @param found Receives the numbers of examples, and a sample.
 */
async function* checkedExamples(
  { config, data, results, run }: RunToPlan,
  items: readonly ShardItem[],
  labels: LabelCheck,
  found: Found,
  context: Context,
): AsyncIterable<Example> {
  for (const labeled of items) {
    const shard = await readShard({ results, run }, labeled);
    for await (const item of readExamples(data, shard, config)) {
      context.signal.throwIfAborted();
      const decided = labels.add(item, shard.set);
      if (decided === undefined || isRejected(item)) continue;
      const own = decidedClasses(decided, found.decisions);
      found.examples++;
      for (const each of own) found.counts[each]! += 1;
      found.sample.offer(item, own);
      yield item;
    }
  }
  labels.requireUsable('labeled');
  labels.requireFew();
}
