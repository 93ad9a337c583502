/** Objects to delete so that the workflow writes a damaged one again. */

import { encoderFile } from '../../models/encoders/encoder.ts';
import { descriptionFile } from '../../models/exporters.ts';
import { keys } from '../../run/keys.ts';
import { historyFile } from '../../train/epoch.ts';
import { baselineFile } from '../baselines/baseline.ts';

/**
 * Lists the objects to delete besides a damaged one, if they exist. A stage repeats its work only
 * if its last object is missing, and what was planned is planned together.
 *
 * @example
 * // Evaluate writes predictions only if there are no metrics.
 * alsoDeleted('runs/r/predictions.parquet', 'r'); // ['runs/r/metrics.json', …]
 */
export function alsoDeleted(key: string, run: string): string[] {
  const model = key.endsWith(`/${historyFile}`) ? [folderOf(key) + descriptionFile] : [];
  // On AWS, a run that lacks its last object is started again.
  const last = key.startsWith('students/') ? [] : [keys.publication(run)];
  return [...model, ...lastObjects(key, run), ...last].filter((other) => other !== key);
}

function lastObjects(key: string, run: string): string[] {
  const planning = [keys.shards(run), keys.unlabeled(run), keys.plan(run)];
  const metrics = [keys.metrics(run), keys.documents(run)];
  const path = key.startsWith(`runs/${run}/`) ? key.split('/').slice(2) : [];
  const [folder, variant] = path;
  if (key.startsWith('encoders/')) return [...planning, folderOf(key) + encoderFile];
  if (path.length === 0) return [];
  if (planning.includes(key) || folder === 'objects') return planning;
  if (key === keys.testDigests(run)) return [keys.reconcile(run)];
  if (folder === 'warmup') return [keys.warmup(run) + descriptionFile];
  // A card and the report are written again from the metrics.
  if (key.endsWith('.md') || key === keys.report(run)) return [keys.documents(run)];
  if (folder === 'students') {
    return [descriptionFile, baselineFile].map((file) => keys.student(run, variant!) + file);
  }
  const last = [keys.predictions(run), keys.machine(run), keys.labelNext(run), keys.labelPage(run)];
  return last.includes(key) || folder === 'label-studio' ? metrics : [];
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}
