/** Objects to delete so that the workflow writes a damaged one again. */
import { z } from 'zod';
import { encoderFile } from '../../models/encoders/encoder.ts';
import { descriptionFile, modelFileNames } from '../../models/exporters.ts';
import { encoderFolder } from '../../models/model-files.ts';
import { keys } from '../../run/keys.ts';
import { readJson } from '../../store/once.ts';
import type { ObjectStore } from '../../store/store.ts';
import { historyFile } from '../../train/epoch.ts';
import { baselineFile } from '../baselines/baseline.ts';
import { ifReadable } from './stated-digests.ts';

/**
 * Lists the existing objects to delete besides a damaged one. A stage repeats its work only if its
 * last object is missing. Plan writes all of its objects again, or none. A model that is trained
 * again may have other weights, since processors differ, so all files of the old one are deleted.
 *
 * @example
 * // Evaluate writes predictions only if there are no metrics.
 * await alsoDeleted(results, 'r', 'runs/r/predictions.parquet'); // ['runs/r/metrics.json', …]
 */
export async function alsoDeleted(
  results: ObjectStore,
  run: string,
  key: string,
): Promise<string[]> {
  const last = await lastObjects(results, run, key);
  const others = new Set([...modelOf(key), ...dependents(key, run), ...last]);
  if (others.has(keys.metrics(run))) {
    for (const card of await cardsOf(results, run)) others.add(card);
  }
  others.delete(key);
  const found = await Promise.all([...others].map((other) => results.head(other)));
  return [...others].filter((_, index) => found[index]);
}

/**
 * Lists the last objects of a run. On AWS, a run that lacks one is started again. The publication
 * stays: a run that is published again could replace the student of a later run.
 */
async function lastObjects(results: ObjectStore, run: string, key: string): Promise<string[]> {
  const isOfPublish = key.startsWith('students/') || key === keys.publication(run);
  if (isOfPublish) return [];
  // The last result of a run that ends at its labels is that of Reconcile.
  const endsAtLabels = !(await results.head(keys.publication(run)));
  return [keys.documents(run), ...(endsAtLabels ? [keys.reconcile(run)] : [])];
}

/** Lists the files of the model to which an object belongs; none if it belongs to no model. */
function modelOf(key: string): string[] {
  const isEncoder = key.startsWith('encoders/') || key.includes(`/${encoderFolder}`);
  const isOfModel = !isEncoder && modelFiles.some((name) => key.endsWith(`/${name}`));
  return isOfModel ? modelFiles.map((name) => folderOf(key) + name) : [];
}

const modelFiles = [
  ...new Set([...modelFileNames.layers, ...modelFileNames.ngrams]),
  ...[historyFile, descriptionFile],
];

/** Lists the objects that are written with an object, or from it. */
function dependents(key: string, run: string): string[] {
  const planning = [keys.shards(run), keys.unlabeled(run), keys.plan(run)];
  const path = key.startsWith(`runs/${run}/`) ? key.split('/').slice(2) : [];
  const [folder, variant] = path;
  if (key.startsWith('encoders/')) return [...planning, folderOf(key) + encoderFile];
  if (path.length === 0) return [];
  if (planning.includes(key) || folder === 'objects') return planning;
  if (key === keys.testDigests(run)) return [keys.reconcile(run)];
  if (folder === 'warmup') return modelFiles.map((name) => keys.warmup(run) + name);
  // A card and the report are written again from the metrics.
  if (key.endsWith('.md') || key === keys.report(run)) return [keys.documents(run)];
  if (folder === 'students') {
    return [...trainedFiles(key, keys.student(run, variant!)), ...evaluated(run)];
  }
  const last = [...evaluated(run), keys.labelNext(run), keys.labelPage(run)];
  const isEvaluated = last.includes(key) && key !== keys.documents(run);
  return isEvaluated || folder === 'label-studio' ? evaluated(run) : [];
}

/** Lists the files that Train writes of a student or a baseline, except those of a preparation. */
function trainedFiles(key: string, folder: string): string[] {
  const encoder = folder + encoderFolder;
  return [
    ...[...modelFiles, baselineFile].map((name) => folder + name),
    ...(key.startsWith(encoder) ? [encoder + encoderFile] : []),
  ];
}

/** Lists the measurements of Evaluate, and the documents that show them, except the cards. */
function evaluated(run: string): string[] {
  return [keys.metrics, keys.machine, keys.predictions, keys.report, keys.documents].map((of) =>
    of(run),
  );
}

/** Lists the cards of the students; none if the plan is damaged. */
async function cardsOf(results: ObjectStore, run: string): Promise<string[]> {
  const key = keys.plan(run);
  if (!(await results.head(key))) return [];
  const { variants } = await ifReadable(readJson(results, key, withVariants), { variants: [] });
  return variants.map(({ name }) => keys.card(run, name));
}

/** The students that a plan lists. */
const withVariants = z.object({ variants: z.array(z.object({ name: z.string() })) });

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}
