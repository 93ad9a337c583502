/** The teacher of a plan, opened once per process, and its answers before calibration. */
import type { Features } from '../data/features/index.ts';
import { setOf } from '../data/layout.ts';
import type { Shard } from '../data/shard.ts';
import { openTeacher, teacherScratch } from '../models/open-teacher.ts';
import type { Teacher } from '../models/teacher.ts';
import { openTrained } from '../models/teachers/trained.ts';
import type { CalibrationFile } from '../run/calibration-file.ts';
import type { Job } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { oneSlot } from '../run/one-slot.ts';
import { foldsOf, learnedByTeacher, needs } from '../run/plan-file.ts';
import { writeOnce } from '../store/once.ts';
import { readEncoded } from './encoded-examples.ts';
import { labelExamples } from './label-examples.ts';

interface OpenedTeacher {
  /** Labels the examples that no teacher was trained on. */
  readonly teacher: Teacher;
  /** Labels the examples that teachers were trained on, each by a teacher that was not. */
  readonly outOfFold: Teacher;
  readonly features: Features;
  dispose(): void;
}

/** Cache: a process usually labels many shards with one teacher. */
const cachedTeacher = oneSlot<OpenedTeacher>();

/**
 * Labels the examples of a shard with the planned teacher.
 *
 * @param calibration the calibrations of cross-fitted teachers. Default: none.
 * @param tell called after each batch with the number of examples so far; an error thrown by it
 *   ends the labeling.
 * @returns the bytes of the labels file.
 */
export async function askTeacher(
  job: Job,
  shard: Shard,
  tell: (done: number) => void,
  calibration?: CalibrationFile,
): Promise<Uint8Array> {
  const { plan } = job;
  const name = calibration ? plan.teacher.labels : plan.teacher.digest;
  const opened = await cachedTeacher(name, () => openPlanned(job, calibration));
  const { teacher, outOfFold, features } = opened;
  const examples = readEncoded(job, shard);
  const isLearned = learnedByTeacher(plan).includes(shard.set);
  const labeling = {
    teacher: isLearned ? outOfFold : teacher,
    features,
    classes: plan.classes.length,
    // A validation set that is split off has its files in labeled/.
    set: setOf(shard.pieces[0]!.key),
  };
  return labelExamples(examples, labeling, tell);
}

/**
 * Writes the labels of a shard before calibration, if they do not exist.
 *
 * @param tell as in `askTeacher`.
 * @returns their key.
 */
export async function writeRawLabels(
  job: Job,
  shard: Shard,
  tell: (done: number) => void,
): Promise<string> {
  const key = keys.labels(job.plan.teacher.digest, shard.id);
  if (!(await job.results.head(key))) {
    await writeOnce(job.results, key, await askTeacher(job, shard, tell));
  }
  return key;
}

async function openPlanned(
  { plan, data, results }: Job,
  calibration: CalibrationFile | undefined,
): Promise<OpenedTeacher> {
  const { digest } = plan.teacher;
  if (plan.config.teacher.train) {
    const folder = keys.teacher(digest);
    const options = { embeds: needs(plan, 'embeddings'), calibrations: calibration?.folds };
    const { ensemble, ...rest } = await openTrained(results, folder, foldsOf(plan), options);
    return { teacher: ensemble, ...rest };
  }
  const { features, classes } = plan;
  const { teacher: config } = plan.config;
  const options = { store: data, config, features, classes, digest, scratch: teacherScratch };
  const { teacher, features: fed } = await openTeacher(options);
  return { teacher, outOfFold: teacher, features: fed, dispose: () => teacher.dispose() };
}
