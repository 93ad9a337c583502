import { foldOf } from '../data/folds.ts';
import { hashToUnit } from '../data/random.ts';
import { readExamples } from '../data/read.ts';
import { joinExamples } from '../data/tables/join.ts';
import { readLabels, readLabelsSummary } from '../data/tables/labels-file.ts';
import { crossFitCalibration } from '../debias/cross-fit-calibration.ts';
import { writeRawLabels } from '../distill/planned-teacher.ts';
import { trueClass } from '../distill/sets.ts';
import { InterruptedError } from '../errors.ts';
import { describeCalibration } from '../evaluate/describe-calibration.ts';
import { type CalibrationFile, calibrationFileSchema } from '../run/calibration-file.ts';
import type { Context } from '../run/context.ts';
import type { JobEvent } from '../run/events.ts';
import { type Job, openJob, shardItems } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { readShard } from '../run/objects-file.ts';
import { calibrationFolds, isCalibrated } from '../run/plan-file.ts';
import { readJson, writeJsonOnce } from '../store/once.ts';

/** Limit on the numbers that the calibration is fitted to: 32 MiB, and seconds of work. */
const maxNumbers = 2 ** 22;

/**
 * Calibrate: fits the calibration of the teacher's probabilities to the labels that judge it. The
 * teacher labels these examples first; Label finds its answers. An interrupted call keeps them.
 *
 * @returns whether the probabilities change.
 */
export async function calibrateTeacher(
  event: JobEvent,
  context: Context,
): Promise<{ calibrated: boolean }> {
  const job = await openJob(event);
  if (!isCalibrated(job.plan)) return { calibrated: false };
  const { digest, labels } = job.plan.teacher;
  const key = keys.calibration(digest, labels);
  if (!(await job.results.head(key))) {
    await writeJsonOnce(job.results, key, await fitToJudges(job, context));
  }
  const calibration = await readJson(job.results, key, calibrationFileSchema);
  context.report({ stage: 'Calibrate', message: describeCalibration(calibration), level: 'info' });
  return { calibrated: calibration.penalty !== undefined };
}

async function fitToJudges(job: Job, context: Context): Promise<CalibrationFile> {
  const { plan } = job;
  const classes = plan.classes.length;
  const split = calibrationFolds(plan);
  const { ids, rows, labels } = await judgedAnswers(job, context);
  const probabilities = new Float32Array(rows.length * classes);
  for (const [index, row] of rows.entries()) probabilities.set(row, index * classes);
  const examples = { probabilities, labels: Int32Array.from(labels), classes };
  const { penalty, ...rest } = crossFitCalibration(
    examples,
    Int32Array.from(ids, (id) => foldOf(id, split)),
    split.count,
  );
  // Zod's schema has lists that can be changed; JSON knows no difference.
  const file = { ...rest, ...(penalty !== undefined && { penalty }) };
  return calibrationFileSchema.parse(file);
}

/** Collects the teacher's answers on the labels that judge it; a sample if they are many. */
async function judgedAnswers(job: Job, context: Context) {
  const { plan, data, results } = job;
  const classOf = trueClass(job);
  const items = await shardItems(job, ...plan.validatedOn);
  const raw: string[] = [];
  let examples = 0;
  for (const item of items) {
    const shard = await readShard(job, item);
    const key = await writeRawLabels(job, shard, (done) => {
      if (context.signal.aborted) throw new InterruptedError('stopped while the teacher labeled');
      context.report({ stage: 'Calibrate', done: examples + done, unit: 'examples' });
    });
    raw.push(key);
    examples += (await readLabelsSummary(results, key)).labeled;
  }
  const share = maxNumbers / Math.max(1, examples * plan.classes.length);
  const ids: string[] = [];
  const rows: Float32Array[] = [];
  const labels: number[] = [];
  for (const [index, item] of items.entries()) {
    const key = raw[index]!;
    const { quarantined } = await readLabelsSummary(results, key);
    const read = readExamples(data, await readShard(job, item), plan.config);
    const left = new Set(quarantined.map(({ id }) => id));
    for await (const { example, row } of joinExamples(read, readLabels(results, key), left)) {
      if (share < 1 && hashToUnit(example.id, plan.config.seed + 1) >= share) continue;
      ids.push(example.id);
      rows.push(row.probabilities);
      labels.push(classOf(example, item.set));
    }
  }
  return { ids, rows, labels };
}
