import { resolve } from 'node:path';
import type { ExportFormat } from '../data/tables/exported-labels.ts';
import { copyWarnings } from '../distill/copy-warnings.ts';
import {
  exportLabels,
  type LabelsDescription,
  requireOwnFolder,
} from '../distill/export-labels.ts';
import type { QuarantineReason } from '../distill/quarantine.ts';
import { readMixture } from '../distill/read-mixture.ts';
import { type Teachers, teachersOf } from '../evaluate/describe-mixture.ts';
import { openJob } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { reconcileSchema, type TeacherAccuracy } from '../run/reconcile-file.ts';
import { startRun } from '../stages/start.ts';
import { readJson } from '../store/once.ts';
import type { RunOptions } from './embedded.ts';
import { execute, type LabelCache } from './execute.ts';

/** A labeling on this machine. */
export interface LabelOptions extends RunOptions {
  /** Local folder for the labels, created if missing. Default: `<run>-labels`. */
  readonly to?: string | undefined;
  /** Format of the files. Default: `parquet`. */
  readonly format?: ExportFormat | undefined;
}

/** Labels that are written. */
export interface LabelSummary extends LabelsDescription {
  readonly results: string;
  /** Absolute path of the folder with the labels. */
  readonly folder: string;
  readonly format: ExportFormat;
  readonly labelCache: LabelCache;
  /** The teachers, if there are several. */
  readonly teachers?: Teachers;
  /** Accuracy on labels that the teacher has not learned; undefined if there are none. */
  readonly teacherAccuracy?: TeacherAccuracy;
  /** Reasons for quarantine in the unlabeled set, the most frequent first. */
  readonly quarantineReasons: readonly QuarantineReason[];
  readonly warnings: readonly string[];
  readonly seconds: number;
}

/**
 * Labels the unlabeled set of a dataset, and writes the labels into a folder, for another trainer.
 * The workflow ends after Reconcile. A later `run` with the same config reuses its results.
 *
 * @throws UserError if the config or the data are wrong; InterruptedError after `signal`.
 * @example
 * const { folder, expectedAccuracy } = await label({
 *   dataset: 'examples/digits',
 *   results: 'results',
 * });
 * console.log(folder, expectedAccuracy);
 */
export async function label(options: LabelOptions): Promise<LabelSummary> {
  const startedAt = performance.now();
  options.signal?.throwIfAborted();
  const { format = 'parquet', signal, onProgress } = options;
  const started = await startRun(options.dataset, options.results);
  const folder = resolve(options.to ?? `${started.run}-labels`);
  await requireOwnFolder(started.run, { folder });
  const event = { ...started, execution: started.run, until: 'labels' } as const;
  const labelCache = await execute(event, options);
  const job = await openJob(event);
  const description = await exportLabels(job, { folder, format, signal, onProgress });
  const mixture = await readMixture(job);
  const key = keys.reconcile(job.run);
  const { validation, teacher, copies, reasons } = await readJson(
    job.results,
    key,
    reconcileSchema,
  );
  return {
    ...description,
    results: event.results,
    folder,
    format,
    labelCache,
    ...(mixture && { teachers: teachersOf(mixture, job.plan.teacher.members) }),
    ...(teacher && { teacherAccuracy: teacher }),
    quarantineReasons: reasons.filter(({ set }) => set === 'unlabeled'),
    warnings: [
      ...job.plan.warnings,
      ...(teacher?.warnings ?? []),
      ...(teacher && !validation.isEnough ? [validation.description] : []),
      ...copyWarnings(job, copies),
    ],
    seconds: (performance.now() - startedAt) / 1000,
  };
}
