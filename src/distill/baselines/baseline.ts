/** The interface of a baseline: a model of the labels alone, which distillation has to beat. */
import { z } from 'zod';
import type { Features } from '../../data/features/index.ts';
import type { Network } from '../../models/networks/index.ts';
import type { Context } from '../../run/context.ts';
import type { Job } from '../../run/job.ts';

/** Record in a baseline's folder; written last. */
export const baselineFile = 'baseline.json';

export const baselineRecordSchema = z.strictObject({
  /** Model, labels and settings, as a sentence. */
  description: z.string(),
  /** Why there is no model; absent if there is one. */
  leftOut: z.string().optional(),
});
export type BaselineRecord = z.infer<typeof baselineRecordSchema>;

/**
 * Trains the model and saves it in the folder. Continues if it was interrupted.
 *
 * @throws InterruptedError if the context's signal is aborted.
 */
export type BaselineTraining = (
  job: Job,
  folder: string,
  context: Context,
) => Promise<BaselineRecord>;

/** A row of the table of baselines. */
export interface Baseline<Name extends string = string> {
  /** Name of its row in the results; no method has it. */
  readonly name: Name;
  /** A phrase for the report. */
  readonly description: string;
  /** Whether it is trained where the students are: on a GPU, if the config asks for it. */
  readonly followsTrainer: boolean;
  /** Returns why there is no model for a student and its features. Default: there is one. */
  readonly leftOut?: (features: Features, student: Network) => string | undefined;
  /** Returns the steps of its training. Default: it reports none. */
  readonly steps?: (student: Network, labels: number) => number;
  readonly load: () => Promise<{ readonly learn: BaselineTraining }>;
}
