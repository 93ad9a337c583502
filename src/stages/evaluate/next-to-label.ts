import { sum } from '../../arrays.ts';
import { csvField } from '../../data/formats/csv-records.ts';
import { LabelNext, labelNextPool, labelScore } from '../../debias/label-next.ts';
import { countedShards, usableLabels } from '../../distill/sets.ts';
import type { Job } from '../../run/job.ts';

/** Number of examples in `label-next.csv`. */
const labelNextCount = 500;

/** An unlabeled example whose label would help. */
interface ToLabel {
  readonly id: string;
  /** Name of the class that the teacher predicts. */
  readonly prediction: string;
  readonly margin: number;
}

/** Selects the unlabeled examples to label next, the most useful first. */
export async function nextToLabel(job: Job): Promise<ToLabel[]> {
  const { classes } = job.plan;
  const next = new LabelNext(classes.length, labelNextCount);
  // Every `stride`-th shard, so that the pool has about `labelNextPool` examples.
  const shards = await countedShards(job, 'unlabeled');
  const stride = Math.ceil(sum(shards.map(({ count }) => count)) / labelNextPool);
  for (const { item } of shards.filter((_, index) => index % stride === 0)) {
    for await (const row of usableLabels(job, item)) {
      const { id, probabilities } = row;
      const [prediction, margin] = [row.predictions[0]!, row.margins[0]!];
      next.add({ id, prediction, margin, score: labelScore(probabilities, margin) });
    }
  }
  return next
    .result()
    .map(({ id, prediction, margin }) => ({ id, prediction: classes[prediction]!, margin }));
}

/** Formats the file that `counterweight add-labels` reads once its column `label` is filled in. */
export function labelNextCsv(examples: readonly ToLabel[]): string {
  const lines = examples.map(({ id, prediction, margin }) =>
    [csvField(id), '', csvField(prediction), margin.toFixed(3)].join(),
  );
  return `${['id,label,prediction,margin', ...lines].join('\n')}\n`;
}
