import { hashToUnit } from '../../data/random.ts';
import { readExamples } from '../../data/read.ts';
import type { Shard } from '../../data/shard.ts';
import { joinExamples } from '../../data/tables/join.ts';
import { readLabels, readLabelsSummary } from '../../data/tables/labels-file.ts';
import { trueDecisions } from '../../distill/sets.ts';
import { InterruptedError } from '../../errors.ts';
import type { Context } from '../../run/context.ts';
import { type Job, shardItems } from '../../run/job.ts';
import { readShard } from '../../run/objects-file.ts';

/** Answers of a teacher to the examples whose labels judge it. */
export interface JudgedAnswers {
  /** Names of the examples within the run: the shard and the id. */
  readonly names: string[];
  readonly ids: string[];
  /** Outputs, [outputs] each. */
  readonly rows: Float32Array[];
  /** True decisions, [perExample] each, one example after another. */
  readonly decided: number[];
}

/** A teacher to judge. */
export interface Judged {
  /** Name in progress, if there are several. */
  readonly part?: string;
  /** Limit on the numbers of all answers. */
  readonly maxNumbers: number;
  /** Writes its answers to a shard, if they do not exist; returns their key. */
  write(shard: Shard, tell: (done: number) => void): Promise<string>;
}

/**
 * Collects a teacher's answers on the labels that judge it; a sample if they are many. The teacher
 * labels these examples first.
 *
 * @throws InterruptedError if the call is stopped; answers of finished shards are kept.
 */
export async function judgedAnswers(
  job: Job,
  { part, maxNumbers, write }: Judged,
  context: Context,
): Promise<JudgedAnswers> {
  const { plan, data, results } = job;
  const trueOf = trueDecisions(job);
  const items = await shardItems(job, ...plan.validatedOn);
  const written: string[] = [];
  let examples = 0;
  for (const item of items) {
    const shard = await readShard(job, item);
    const key = await write(shard, (done) => {
      if (context.signal.aborted) throw new InterruptedError('stopped while the teacher labeled');
      const progress = { done: examples + done, unit: 'examples', ...(part && { part }) };
      context.report({ stage: 'Calibrate', ...progress });
    });
    written.push(key);
    examples += (await readLabelsSummary(results, key)).labeled;
  }
  const share = maxNumbers / Math.max(1, examples * plan.classes.length);
  const answers: JudgedAnswers = { names: [], ids: [], rows: [], decided: [] };
  for (const [index, item] of items.entries()) {
    const key = written[index]!;
    const { quarantined } = await readLabelsSummary(results, key);
    const read = readExamples(data, await readShard(job, item), plan.config);
    const left = new Set(quarantined.map(({ id }) => id));
    for await (const { example, row } of joinExamples(read, readLabels(results, key), left)) {
      if (share < 1 && hashToUnit(example.id, plan.config.seed + 1) >= share) continue;
      answers.names.push(`${item.id}:${example.id}`);
      answers.ids.push(example.id);
      answers.rows.push(row.probabilities);
      answers.decided.push(...trueOf(example, item.set));
    }
  }
  return answers;
}
