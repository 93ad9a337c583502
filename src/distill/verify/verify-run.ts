/** Check of all objects of a run, by the checksums that they carry. */
import { readAhead } from '../../data/ahead.ts';
import { methodNames, methodOf } from '../../debias/methods.ts';
import { isAboutContent, UserError } from '../../errors.ts';
import { encoderFile } from '../../models/encoders/encoder.ts';
import { descriptionFile, topologyFile } from '../../models/exporters.ts';
import { foldFolder } from '../../models/model-files.ts';
import { isPenalized } from '../../models/networks/index.ts';
import { ngramsFile } from '../../models/ngrams/names.ts';
import { keys } from '../../run/keys.ts';
import { readJson } from '../../store/once.ts';
import type { ObjectStore } from '../../store/store.ts';
import { historyFile } from '../../train/epoch.ts';
import { baselineFile } from '../baselines/baseline.ts';
import { type CheckedKeys, checkKeys, concurrency } from './check-keys.ts';
import { checkObject } from './check-object.ts';
import {
  ifReadable,
  listedShards,
  type StatedDigests,
  statedBy,
  statedByPlan,
  studentEncoder,
  type VerifiedPlan,
  verifiedPlan,
  verifiedPublication,
} from './stated-digests.ts';

/** Result of a check. */
export interface Verification extends CheckedKeys {
  readonly run: string;
  readonly isFinished: boolean;
}

/**
 * Reads every object of a run and of what it shares with other runs: its teachers, labels, encoders
 * and embeddings. Holds a few objects, or a column each of a few tables, in memory.
 *
 * @throws UserError if there is no such run.
 * @example
 * const { damaged } = await verifyRun(await openStore('my-results'), 'my-data-2f7a91c04be3');
 */
export async function verifyRun(results: ObjectStore, run: string): Promise<Verification> {
  const plan = await readPlan(results, run);
  const objects = await listObjects(results, run, plan);
  const stated = await statedDigests(results, run, plan, objects);
  const isFinished = objects.has(keys.publication(run));
  const wanted = [...new Set([...objects, ...stated.keys()])].sort();
  return { run, isFinished, ...(await checkKeys(results, run, wanted, stated)) };
}

/** Collects the digests that the plan and the objects of a run state of other objects. */
async function statedDigests(
  results: ObjectStore,
  run: string,
  plan: VerifiedPlan | undefined,
  objects: Iterable<string>,
): Promise<StatedDigests> {
  const stated: StatedDigests = new Map(plan && statedByPlan(run, plan));
  const read = (key: string) => statedBy(results, key);
  for await (const others of readAhead(objects, concurrency, read)) {
    for (const [other, digest] of others) stated.set(other, digest);
  }
  return stated;
}

/** Folders of a run whose objects are not checked: usage, announcements, messages of errors. */
const uncheckedFolders = ['usage', 'announced', 'errors'];

async function listObjects(
  results: ObjectStore,
  run: string,
  plan: VerifiedPlan | undefined,
): Promise<Set<string>> {
  const listed = new Set<string>();
  for await (const { key } of results.list(`runs/${run}/`)) {
    if (!uncheckedFolders.includes(key.split('/')[2]!)) listed.add(key);
  }
  if (listed.size === 0) {
    throw new UserError(
      `there is no run ${JSON.stringify(run)} in ${results.location}`,
      'To list the runs: counterweight runs',
    );
  }
  for (const key of requiredOf(run, plan, listed)) listed.add(key);
  if (plan) {
    for (const prefix of sharedFolders(plan)) {
      for await (const { key } of results.list(prefix)) listed.add(key);
    }
    for (const key of await sharedTables(results, run, plan, listed)) listed.add(key);
    for (const key of await preparedFiles(results, run, plan, listed)) listed.add(key);
    for (const { name } of plan.variants) {
      for (const key of await studentEncoder(results, keys.student(run, name))) listed.add(key);
    }
    const current = keys.current(plan.dataset);
    if ((await results.head(current)) || (await isPublished(results, run))) listed.add(current);
  }
  const areTrained = (key: string) =>
    listed.has(key.startsWith('teachers/') ? keys.reconcile(run) : keys.publication(run));
  for (const key of [...listed].filter(areTrained).flatMap(besideModel)) listed.add(key);
  return listed;
}

/**
 * Returns the plan, or undefined if it is missing or damaged, which is reported with the rest.
 * @throws UserError if it is as it was written, and has another form.
 */
async function readPlan(results: ObjectStore, run: string): Promise<VerifiedPlan | undefined> {
  const key = keys.plan(run);
  const object = await results.head(key);
  if (!object) return undefined;
  try {
    return await readJson(results, key, verifiedPlan);
  } catch (error) {
    if (!isAboutContent(error)) throw error;
    if ((await checkObject(results, object)) !== 'intact') return undefined;
    throw new UserError(
      `${key} does not have the form of a plan of this version, so that the files of ${run} are not known`,
      'Use the version of counterweight that planned the run.',
    );
  }
}

/** Lists the description of a model, which is written last. An encoder has none. */
function besideModel(key: string): string[] {
  const name = [topologyFile, ngramsFile].find((file) => key.endsWith(`/${file}`));
  if (name === undefined || key.startsWith('encoders/')) return [];
  return [key.slice(0, -name.length) + descriptionFile];
}

/** Lists the files that the preparations of the students wrote, by the records that they left. */
async function preparedFiles(
  results: ObjectStore,
  run: string,
  { variants, config, validatedOn }: VerifiedPlan,
  listed: ReadonlySet<string>,
): Promise<string[]> {
  const judged = [...validatedOn, 'unlabeled'];
  const items = await listedShards(results, run);
  const shards = items.flatMap(({ id, set }) => (judged.includes(set) ? [id] : []));
  const found: string[] = [];
  for (const { name } of variants) {
    const folder = keys.student(run, name);
    // The preparation of a method may choose another method, which leaves its own record.
    for (const record of methodNames.map((method) => methodOf(method).record)) {
      if (!record?.files || !listed.has(folder + record.file)) continue;
      const read = await ifReadable(
        readJson(results, folder + record.file, record.schema),
        undefined,
      );
      if (read === undefined) continue;
      const files = record.files(read, { folds: config.folds, shards });
      found.push(...files.map((file) => folder + file));
    }
  }
  return found;
}

/** Returns whether the run's student was published, so that the dataset has one in use. */
async function isPublished(results: ObjectStore, run: string): Promise<boolean> {
  const key = keys.publication(run);
  if (!(await results.head(key))) return false;
  const reading = readJson(results, key, verifiedPublication);
  return (await ifReadable(reading, { published: false })).published;
}

/** Lists the objects that a run must have, by the stages that it has completed. */
function requiredOf(run: string, plan: VerifiedPlan | undefined, listed: ReadonlySet<string>) {
  const always = [keys.record(run)];
  const planned = [keys.plan(run), keys.shards(run), keys.unlabeled(run)];
  if (!plan) return listed.has(keys.publication(run)) ? [...always, ...planned] : always;
  const encoders = plan.encoders.map(({ files }) => keys.encoder(files) + encoderFile);
  const isFinished = listed.has(keys.publication(run));
  const labeling = listed.has(keys.reconcile(run)) ? besideLabels(plan) : [];
  // Evaluate writes the documents last, and Publish follows at once.
  const published = listed.has(keys.documents(run)) ? [keys.publication(run)] : [];
  const final = isFinished ? finalObjects(run, plan) : [];
  return [...always, ...planned, ...encoders, ...labeling, ...published, ...final];
}

/** Lists the objects from which labels are made: trained teachers, calibration and mixture. */
function besideLabels({ config, teacher }: VerifiedPlan): string[] {
  const { digest, labels = digest, members } = teacher;
  const folds = Array.from({ length: config.folds }, (_, fold) => fold);
  return [
    ...members.flatMap((member) =>
      folds.map((fold) => foldFolder(keys.teacher(member.digest), fold) + descriptionFile),
    ),
    ...(labels === digest ? [] : [keys.calibration(digest, labels)]),
    ...(members.length > 1 ? [keys.mixture(digest)] : []),
  ];
}

/** Lists the objects that a finished run must have, except those of its shards and its labels. */
function finalObjects(run: string, { config, variants, baselines }: VerifiedPlan): string[] {
  const records = variants.flatMap(({ name, method }) => {
    const { record } = methodOf(method);
    return record ? [keys.student(run, name) + record.file] : [];
  });
  return [
    ...records,
    ...[keys.reconcile(run), keys.testDigests(run), keys.validation(run)],
    ...[keys.metrics(run), keys.predictions(run), keys.machine(run), keys.documents(run)],
    ...[keys.warmup(run), ...variants.map(({ name }) => keys.student(run, name))].flatMap(
      (folder) => [`${folder}${descriptionFile}`, `${folder}${historyFile}`],
    ),
    ...baselines.map(({ name }) => `${keys.student(run, name)}${baselineFile}`),
    ...(config.student && isPenalized(config.student) ? [keys.penalty(run)] : []),
  ];
}

/** Returns the folders of the teachers and encoders of a run. */
function sharedFolders({ teacher, encoders }: VerifiedPlan): string[] {
  const teachers = [teacher, ...teacher.members].map(({ digest }) => keys.teacher(digest));
  return [...teachers, ...encoders.map(({ files }) => keys.encoder(files))];
}

/**
 * Lists the pinned objects, labels, weights and embeddings of a run's shards, also if they are
 * missing, as far as the run has come.
 */
async function sharedTables(
  results: ObjectStore,
  run: string,
  { teacher, encoders }: VerifiedPlan,
  listed: ReadonlySet<string>,
): Promise<string[]> {
  const shards = await listedShards(results, run);
  const labels = teacher.labels ?? teacher.digest;
  const isLabeled = listed.has(keys.reconcile(run));
  const isEvaluated = listed.has(keys.metrics(run));
  const required = shards.flatMap(({ id, set, objects }) => [
    keys.objects(run, objects),
    ...(isLabeled ? [keys.labels(labels, id)] : []),
    ...(isLabeled ? encoders.map(({ digest }) => keys.embeddings(digest, id)) : []),
    ...(isEvaluated && set === 'unlabeled' ? [keys.weights(run, id)] : []),
  ]);
  const digests = new Set([labels, teacher.digest, ...teacher.members.map(({ digest }) => digest)]);
  const possible = shards.flatMap(({ id }) => [
    ...[...digests].map((digest) => keys.labels(digest, id)),
    ...encoders.map(({ digest }) => keys.embeddings(digest, id)),
  ]);
  const present: string[] = [];
  const find = (key: string) => results.head(key);
  for await (const object of readAhead(possible, concurrency, find)) {
    if (object) present.push(object.key);
  }
  return [...required, ...present];
}
