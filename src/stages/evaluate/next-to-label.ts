import { sum } from '../../arrays.ts';
import { csvField } from '../../data/formats/csv-records.ts';
import { labelOfNames, withSemicolons } from '../../data/label-list.ts';
import {
  type LabelCandidate,
  LabelNext,
  labelCandidate,
  labelNextPool,
} from '../../debias/label-next.ts';
import { countedShards, usableLabels } from '../../distill/sets.ts';
import type { Job } from '../../run/job.ts';
import { planDecisions } from '../../run/plan-file.ts';

/** Number of examples in `label-next.csv`. */
const labelNextCount = 500;

/** An unlabeled example whose label would help. */
interface ToLabel {
  readonly shard: string;
  readonly id: string;
  /** Class that the teacher predicts, or list of classes in a multi-label task, as a label. */
  readonly prediction: string;
  /** In a multi-label task, the smallest margin of a label. */
  readonly margin: number;
}

/** Selects the unlabeled examples to label next, the most useful first. */
export async function nextToLabel(job: Job): Promise<ToLabel[]> {
  const { classes } = job.plan;
  const decisions = planDecisions(job.plan);
  const next = new LabelNext<LabelCandidate & { readonly shard: string }>(
    classes.length,
    labelNextCount,
  );
  // Every `stride`-th shard, so that the pool has about `labelNextPool` examples.
  const shards = await countedShards(job, 'unlabeled');
  const stride = Math.ceil(sum(shards.map(({ count }) => count)) / labelNextPool);
  for (const { item } of shards.filter((_, index) => index % stride === 0)) {
    for await (const row of usableLabels(job, item)) {
      next.add({ ...labelCandidate(row, decisions), shard: item.id });
    }
  }
  const textOf = (predicted: readonly number[]) => {
    const names = predicted.map((index) => classes[index]!);
    return decisions.isMultiLabel ? withSemicolons(labelOfNames(names)) : names[0]!;
  };
  return next.result().map(({ shard, id, predicted, margin }) => ({
    shard,
    id,
    prediction: textOf(predicted),
    margin,
  }));
}

/** Formats the file that `counterweight add-labels` reads once its column `label` is filled in. */
export function labelNextCsv(examples: readonly ToLabel[]): string {
  const lines = examples.map(({ id, prediction, margin }) =>
    [csvField(id), '', csvField(prediction), margin.toFixed(3)].join(),
  );
  return `${['id,label,prediction,margin', ...lines].join('\n')}\n`;
}
