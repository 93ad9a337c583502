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
 * Lists the objects to delete besides a damaged one, of those that exist. A stage repeats its work
 * only if its last object is missing, and what was planned is planned together. A model that is
 * trained again may have other weights, since processors differ: nothing of the old one stays.
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
  const ends = await lastOfRun(results, run, key);
  const others = new Set([...ofModel(key), ...lastObjects(key, run), ...ends]);
  if (others.has(keys.metrics(run))) {
    for (const card of await cardsOf(results, run)) others.add(card);
  }
  others.delete(key);
  const found = await Promise.all([...others].map((other) => results.head(other)));
  return [...others].filter((_, index) => found[index]);
}

/**
 * Lists the last results of a run. On AWS, a run that lacks one is started again. The publication
 * stays: a run that is published again could replace the student of a later run.
 */
async function lastOfRun(results: ObjectStore, run: string, key: string): Promise<string[]> {
  const ofPublish = key.startsWith('students/') || key === keys.publication(run);
  if (ofPublish) return [];
  // The last result of a run that ends at its labels is that of Reconcile.
  const endsAtLabels = !(await results.head(keys.publication(run)));
  return [keys.documents(run), ...(endsAtLabels ? [keys.reconcile(run)] : [])];
}

/** Lists the files of a model, if the object is one of them. */
function ofModel(key: string): string[] {
  const isEncoder = key.startsWith('encoders/') || key.includes(`/${encoderFolder}`);
  const isOne = !isEncoder && modelFiles.some((name) => key.endsWith(`/${name}`));
  return isOne ? modelFiles.map((name) => folderOf(key) + name) : [];
}

const modelFiles = [
  ...new Set([...modelFileNames.layers, ...modelFileNames.ngrams]),
  ...[historyFile, descriptionFile],
];

function lastObjects(key: string, run: string): string[] {
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
    return [...ofStudent(key, keys.student(run, variant!)), ...evaluated(run)];
  }
  const last = [...evaluated(run), keys.labelNext(run), keys.labelPage(run)];
  const isEvaluated = last.includes(key) && key !== keys.documents(run);
  return isEvaluated || folder === 'label-studio' ? evaluated(run) : [];
}

/** Lists the files of a student or a baseline that Train writes, but those of its preparation. */
function ofStudent(key: string, folder: string): string[] {
  const encoder = folder + encoderFolder;
  return [
    ...[...modelFiles, baselineFile].map((name) => folder + name),
    ...(key.startsWith(encoder) ? [encoder + encoderFile] : []),
  ];
}

/** Lists what Evaluate measures and renders, but the cards. */
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

const withVariants = z.object({ variants: z.array(z.object({ name: z.string() })) });

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}
