import type { Shard } from '../data/shard.ts';
import type { LabelsSummary } from '../data/tables/labels-file.ts';
import { calibrateLabels } from '../distill/calibrated-labels.ts';
import { readUsableSummary } from '../distill/encoded-examples.ts';
import { askTeacher, writeRawLabels } from '../distill/planned-teacher.ts';
import { calibrationFor, readCalibration } from '../distill/read-calibration.ts';
import { teacherLabels } from '../distill/sets.ts';
import type { Context } from '../run/context.ts';
import type { ShardEvent } from '../run/events.ts';
import { type Job, openJob } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { readShard } from '../run/objects-file.ts';
import { isJudgedByFold, learnedByTeacher, planDecisions } from '../run/plan-file.ts';
import { writeJsonOnce, writeOnce } from '../store/once.ts';

/**
 * Label: labels one shard with the teacher, and calibrates the labels. Their key has the digests of
 * teacher, calibration and shard, so that no run labels a shard again. Examples that cannot be
 * read, decoded or labeled are quarantined with their reason.
 *
 * @returns 1 if it labeled the shard, 0 if the shard was labeled before. The answer is one
 *   character because Step Functions keeps the answers of all shards in 256 KiB.
 */
export async function labelShard(event: ShardEvent, context: Context): Promise<0 | 1> {
  const job = await openJob(event);
  const shard = await readShard(job, event.shard);
  const key = teacherLabels(job)(shard.id);
  const found = (await job.results.head(key)) !== undefined;
  if (!found) await writeOnce(job.results, key, await label(job, key, shard, context));
  const summary = await readUsableSummary(job, shard.id, key);
  await recordQuarantine(job, shard, summary);
  const examples = summary.labeled + summary.quarantined.length;
  context.report({ stage: 'Label', part: shard.id, done: examples, total: examples });
  return found ? 0 : 1;
}

async function label(job: Job, key: string, shard: Shard, context: Context): Promise<Uint8Array> {
  const { plan, results } = job;
  const tell = (done: number) => {
    context.signal.throwIfAborted();
    context.report({ stage: 'Label', part: shard.id, done, unit: 'examples' });
  };
  const calibration = await readCalibration(job);
  if (!calibration) return askTeacher(job, key, shard, tell);
  // Each of several teachers has a calibration of its own, so that they label again.
  const isEnsemble = isJudgedByFold(plan) && !learnedByTeacher(plan).includes(shard.set);
  if (isEnsemble) return askTeacher(job, key, shard, tell, calibration);
  const from = await writeRawLabels(job, shard, tell);
  const calibrationOf = calibrationFor(job, shard.set, calibration);
  return calibrateLabels(results, { from, to: key }, planDecisions(plan), calibrationOf);
}

async function recordQuarantine(job: Job, shard: Shard, summary: LabelsSummary): Promise<void> {
  if (summary.quarantined.length === 0) return;
  await writeJsonOnce(job.results, keys.quarantine(job.run, shard.id), {
    set: shard.set,
    quarantined: summary.quarantined,
  });
}
