import { fromHex } from '../../data/content-digest.ts';
import type { ExampleDigests } from '../../data/example-digests.ts';
import { readLabels } from '../../data/tables/labels-file.ts';
import { openWeights } from '../../data/tables/weights-file.ts';
import { teacherLabels } from '../../distill/sets.ts';
import { createHistogram } from '../../evaluate/histogram.ts';
import type { RunMetrics } from '../../evaluate/run-metrics.ts';
import { Top } from '../../evaluate/top.ts';
import { createWeightPlane } from '../../evaluate/weight-plane.ts';
import { type Job, shardItems } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { planDecisions } from '../../run/plan-file.ts';

/**
 * Counts the weights of the first epoch of all decisions about unlabeled examples, together and by
 * the margins of teacher and student. Collects the smallest.
 *
 * @param wanted Number of decisions with the smallest weights.
 * @param tests Receives a mark for each test example that is also in the unlabeled set.
 */
export async function weightHistogram(job: Job, tests: ExampleDigests, wanted: number) {
  const { classes } = job.plan;
  const { isMultiLabel } = planDecisions(job.plan);
  const [low, high] = job.plan.config.weights.bounds;
  const histogram = createHistogram(low, Math.max(high, low + 1e-6), 20);
  const least = new Top<Least>(wanted);
  const plane = createWeightPlane();
  let sum = 0;
  let count = 0;
  for (const { id: shard } of await shardItems(job, 'unlabeled')) {
    const file = await openWeights(job.results, keys.weights(job.run, shard));
    for (const digest of file.testCopies) tests.mark(fromHex(digest), 'unlabeled');
    for await (const row of file.rows()) {
      histogram.add(row.weights);
      for (const [decision, weight] of row.weights.entries()) {
        sum += weight;
        count++;
        const estimates = {
          weight,
          errorProbability: row.errorProbabilities[decision]!,
          teacherMargin: row.teacherMargins[decision]!,
        };
        plane.add({ ...estimates, studentMargin: row.studentMargins[decision]! });
        least.add(-weight, () => ({
          shard,
          decision,
          id: row.id,
          ...(isMultiLabel && { label: classes[decision]! }),
          ...estimates,
        }));
      }
    }
  }
  return {
    bins: histogram.result(),
    mean: count > 0 ? sum / count : 1,
    plane: plane.result(),
    least: await withPredictions(job, least.result()),
  };
}

type LeastWeighed = RunMetrics['leastWeighed'];
type Least = LeastWeighed[number] & { readonly shard: string; readonly decision: number };

/** Adds the classes that the teacher predicts, from the labels of the examples' shards. */
async function withPredictions(job: Job, least: readonly Least[]): Promise<LeastWeighed> {
  const names = planDecisions(job.plan).isMultiLabel ? ['no', 'yes'] : job.plan.classes;
  const found = new Map<Least, string>();
  for (const shard of new Set(least.map((example) => example.shard))) {
    const examples = least.filter((example) => example.shard === shard);
    for await (const row of readLabels(job.results, teacherLabels(job)(shard))) {
      for (const example of examples) {
        if (example.id !== row.id) continue;
        found.set(example, names[row.predictions[example.decision]!]!);
      }
    }
  }
  return least.map(({ decision: _, ...example }, index) => ({
    ...example,
    prediction: found.get(least[index]!),
  }));
}
