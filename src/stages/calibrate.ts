import { concatenate } from '../arrays.ts';
import { foldOf } from '../data/folds.ts';
import { crossFitCalibration } from '../debias/cross-fit-calibration.ts';
import { decisionRows } from '../debias/decisions.ts';
import { writeRawLabels } from '../distill/planned-teacher.ts';
import { describeCalibration } from '../evaluate/describe-calibration.ts';
import { describeTeachers, teachersOf } from '../evaluate/describe-mixture.ts';
import { type CalibrationFile, calibrationFileSchema } from '../run/calibration-file.ts';
import type { Context } from '../run/context.ts';
import type { JobEvent } from '../run/events.ts';
import { type Job, openJob } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { mixtureFileSchema } from '../run/mixture-file.ts';
import { calibrationFolds, isCalibrated, planDecisions } from '../run/plan-file.ts';
import { readJson, writeJsonOnce } from '../store/once.ts';
import { judgedAnswers } from './calibrate/judged-answers.ts';
import { mixMembers } from './calibrate/mix-members.ts';

/** Limit on the numbers that the calibration is fitted to: 32 MiB, and seconds of work. */
const maxNumbers = 2 ** 22;

/**
 * Calibrate: fits the weights of several teachers, and then the calibration of the teacher's
 * probabilities, to the labels that judge it. The teacher labels these examples first; Label finds
 * its answers. An interrupted call keeps them.
 *
 * @returns whether the probabilities change.
 */
export async function calibrateTeacher(
  event: JobEvent,
  context: Context,
): Promise<{ calibrated: boolean }> {
  const job = await openJob(event, context);
  const { digest, labels, members } = job.plan.teacher;
  if (members.length > 1) await decideMixture(job, context);
  if (!isCalibrated(job.plan)) return { calibrated: false };
  const key = keys.calibration(digest, labels);
  if (!(await job.results.head(key))) {
    await writeJsonOnce(job.results, key, await fitToJudges(job, context));
  }
  const calibration = await readJson(job.results, key, calibrationFileSchema);
  const message = describeCalibration(calibration, planDecisions(job.plan).isMultiLabel);
  context.report({ stage: 'Calibrate', message, level: 'info' });
  return { calibrated: calibration.penalty !== undefined };
}

async function decideMixture(job: Job, context: Context): Promise<void> {
  const { digest, members } = job.plan.teacher;
  const key = keys.mixture(digest);
  if (!(await job.results.head(key))) {
    await writeJsonOnce(job.results, key, await mixMembers(job, maxNumbers, context));
  }
  const mixture = await readJson(job.results, key, mixtureFileSchema);
  const message = describeTeachers(teachersOf(mixture, members));
  context.report({ stage: 'Calibrate', message, level: 'info' });
}

async function fitToJudges(job: Job, context: Context): Promise<CalibrationFile> {
  const decisions = planDecisions(job.plan);
  const { perExample } = decisions;
  const split = calibrationFolds(job.plan);
  const { ids, rows, decided } = await judgedAnswers(
    job,
    { maxNumbers, write: (shard, tell) => writeRawLabels(job, shard, tell) },
    context,
  );
  const examples = {
    probabilities: decisionRows(concatenate(rows), decisions),
    labels: Int32Array.from(decided),
    classes: decisions.classes,
  };
  // All labels of an example are in its fold.
  const folds = ids.flatMap((id) => new Array<number>(perExample).fill(foldOf(id, split)));
  const { penalty, ...rest } = crossFitCalibration(examples, Int32Array.from(folds), split.count);
  // Zod's schema has lists that can be changed; JSON knows no difference.
  const file = { ...rest, ...(penalty !== undefined && { penalty }) };
  return calibrationFileSchema.parse(file);
}
