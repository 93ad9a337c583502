import { fromHex } from '../../data/content-digest.ts';
import type { ExampleDigests } from '../../data/example-digests.ts';
import { openWeights } from '../../data/tables/weights-file.ts';
import { createHistogram } from '../../evaluate/histogram.ts';
import type { RunMetrics } from '../../evaluate/run-metrics.ts';
import { type Job, shardItems } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { planDecisions } from '../../run/plan-file.ts';

/** Number of examples with the smallest weights in the report. */
const leastWeighedCount = 10;

/**
 * Counts the weights of the first epoch of all decisions about unlabeled examples, and collects the
 * smallest.
 *
 * @param tests Receives a mark for each test example that is also in the unlabeled set.
 */
export async function weightHistogram(job: Job, tests: ExampleDigests) {
  const { classes } = job.plan;
  const { isMultiLabel } = planDecisions(job.plan);
  const [low, high] = job.plan.config.weights.bounds;
  const histogram = createHistogram(low, Math.max(high, low + 1e-6), 20);
  let least: RunMetrics['leastWeighed'] = [];
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
        if (least.length === leastWeighedCount && weight >= least.at(-1)!.weight) continue;
        least.push({
          id: row.id,
          ...(isMultiLabel && { label: classes[decision]! }),
          weight,
          errorProbability: row.errorProbabilities[decision]!,
          teacherMargin: row.teacherMargins[decision]!,
        });
        least = least.sort((a, b) => a.weight - b.weight).slice(0, leastWeighedCount);
      }
    }
  }
  return { bins: histogram.result(), mean: count > 0 ? sum / count : 1, least };
}
