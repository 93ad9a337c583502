/** The work that some methods do before a student is trained. */
import type { LossDescription, Method } from '../debias/method.ts';
import { methods } from '../debias/methods.ts';
import type { Context } from '../run/context.ts';
import type { Job } from '../run/job.ts';
import type { Variant } from '../run/plan-file.ts';
import { type LabelsKey, teacherLabels } from './sets.ts';
import type { StudentTask } from './training.ts';

/** A student after the preparation of its method. */
export interface ResolvedVariant {
  /** Its method can differ from the planned one: `auto` stands for another method. */
  readonly variant: Variant;
  /** The labels of the unlabeled set that the student learns. */
  readonly labels: LabelsKey;
  /** Changes the training. Default: no change. */
  readonly adapt?: (task: StudentTask) => Promise<StudentTask>;
}

/**
 * Prepares a student. A preparation that was interrupted continues when it is called again.
 *
 * @param folder the student's key prefix; the preparation keeps its own files there.
 * @throws InterruptedError if the context's signal is aborted.
 */
export type Preparation = (
  job: Job,
  variant: Variant,
  folder: string,
  context: Context,
) => Promise<ResolvedVariant>;

/** Runs the preparation of the variant's method, if it has one. */
export const prepareVariant: Preparation = async (job, variant, folder, context) => {
  const method: Method<never, LossDescription, Preparation> = methods[variant.method];
  if (!method.prepare) return { variant, labels: teacherLabels(job) };
  const { prepare } = await method.prepare();
  return prepare(job, variant, folder, context);
};
