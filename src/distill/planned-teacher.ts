/** The teacher of a plan, opened once per process, and its answers before calibration. */
import { encoderIn, type Features } from '../data/features/index.ts';
import { setOf } from '../data/layout.ts';
import type { Shard } from '../data/shard.ts';
import { openTeacher } from '../models/open-teacher.ts';
import type { Teacher } from '../models/teacher.ts';
import type { MemberWeights } from '../models/teachers/members.ts';
import { openTrained } from '../models/teachers/trained.ts';
import type { CalibrationFile } from '../run/calibration-file.ts';
import type { Job } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { oneSlot } from '../run/one-slot.ts';
import {
  calibrationFolds,
  foldsOf,
  isJudgedByFold,
  learnedByTeacher,
  mixedDigests,
  needs,
  planDecisions,
} from '../run/plan-file.ts';
import { writeOnce } from '../store/once.ts';
import { readEncoded } from './encoded-examples.ts';
import { labelExamples } from './label-examples.ts';
import { readMixture } from './read-mixture.ts';

export interface OpenedTeacher {
  /** Labels the examples that no teacher was trained on. */
  readonly teacher: Teacher;
  /** Labels examples that no teacher was trained on, but that decided the weights of a mixture. */
  readonly judged: Teacher;
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
 * @param key Key of the labels file.
 * @param calibration the calibrations of cross-fitted teachers. Default: none.
 * @param tell Called after each batch with the number of examples so far; an error thrown by it
 *   ends the labeling.
 * @returns the bytes of the labels file.
 */
export async function askTeacher(
  job: Job,
  key: string,
  shard: Shard,
  tell: (done: number) => void,
  calibration?: CalibrationFile,
): Promise<Uint8Array> {
  return labelShardWith(job, key, shard, await plannedTeacher(job, calibration), tell);
}

/**
 * Opens the planned teacher. The process keeps it, so that the caller does not dispose it.
 *
 * @param calibration See `askTeacher`.
 * @throws UserError if the files of a user-supplied teacher are not those of the plan.
 */
export function plannedTeacher(job: Job, calibration?: CalibrationFile): Promise<OpenedTeacher> {
  const { digest, labels } = job.plan.teacher;
  const name = `${job.results.location}/${calibration ? labels : digest}`;
  return cachedTeacher(name, () => openPlanned(job, calibration));
}

/**
 * Writes the labels of a shard by one teacher of a mixture, if they do not exist. They are those
 * that it gives if it is the only teacher.
 *
 * @param tell See `askTeacher`.
 * @returns their key.
 */
export async function writeMemberLabels(
  job: Job,
  digest: string,
  shard: Shard,
  tell: (done: number) => void,
): Promise<string> {
  const key = keys.labels(digest, shard.id);
  if (!(await job.results.head(key))) {
    const opened = await cachedTeacher(`${job.results.location}/${digest}`, () =>
      openMember(job, digest),
    );
    await writeOnce(job.results, key, await labelShardWith(job, key, shard, opened, tell));
  }
  return key;
}

/** Labels the examples of a shard with the teacher for its set. */
function labelShardWith(
  job: Job,
  key: string,
  shard: Shard,
  { teacher, judged, outOfFold, features }: OpenedTeacher,
  tell: (done: number) => void,
): Promise<Uint8Array> {
  const { plan } = job;
  const isLearned = learnedByTeacher(plan).includes(shard.set);
  const judges = plan.validatedOn.some((set) => set === shard.set);
  const chosen = isLearned ? outOfFold : judges ? judged : teacher;
  // The student's encoder must not decide what is labeled: other runs reuse the labels.
  const encoders = [features, ...(chosen.moreFeatures ?? [])].flatMap(
    (read) => encoderIn(read) ?? [],
  );
  const examples = readEncoded(job, shard, encoders);
  const labeling = {
    teacher: chosen,
    features,
    decisions: planDecisions(plan),
    // A validation set that is split off has its files in labeled/.
    set: setOf(shard.pieces[0]!.key),
  };
  return labelExamples(key, examples, labeling, tell);
}

/**
 * Writes the labels of a shard before calibration, if they do not exist.
 *
 * @param tell See `askTeacher`.
 * @returns their key.
 */
export async function writeRawLabels(
  job: Job,
  shard: Shard,
  tell: (done: number) => void,
): Promise<string> {
  const key = keys.labels(job.plan.teacher.digest, shard.id);
  if (!(await job.results.head(key))) {
    await writeOnce(job.results, key, await askTeacher(job, key, shard, tell));
  }
  return key;
}

async function openPlanned(
  job: Job,
  calibration: CalibrationFile | undefined,
): Promise<OpenedTeacher> {
  const { plan, data, results } = job;
  const { digest } = plan.teacher;
  if (plan.config.teacher.train) {
    const folders = mixedDigests(plan).map(keys.teacher);
    const { ensemble, ...rest } = await openTrained(results, folders, foldsOf(plan), {
      embeds: needs(plan, 'embeddings'),
      calibrations: calibration?.folds,
      weights: await readWeights(job),
    });
    return { teacher: ensemble, ...rest };
  }
  const { features, classes } = plan;
  const { teacher: config } = plan.config;
  const { multiLabel } = plan.config.task;
  const options = { store: data, config, features, classes, multiLabel, digest };
  const { teacher, features: fed } = await openTeacher(options);
  const roles = { teacher, judged: teacher, outOfFold: teacher };
  return { ...roles, features: fed, dispose: () => teacher.dispose() };
}

async function openMember({ plan, results }: Job, digest: string): Promise<OpenedTeacher> {
  const options = { embeds: needs(plan, 'embeddings') };
  const folders = [keys.teacher(digest)];
  const { ensemble, ...rest } = await openTrained(results, folders, foldsOf(plan), options);
  return { teacher: ensemble, ...rest };
}

async function readWeights(job: Job): Promise<MemberWeights | undefined> {
  const { plan } = job;
  const mixture = await readMixture(job);
  if (!mixture) return undefined;
  const { whole, folds } = mixture;
  return { whole, folds, split: calibrationFolds(plan), isByFold: isJudgedByFold(plan) };
}
