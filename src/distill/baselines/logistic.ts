import { studentFeatures } from '../../run/plan-file.ts';
import { baselineLimits } from '../label-rows.ts';
import { fitLinear, saveLinear } from '../linear-model.ts';
import { trueLabelSet } from '../sets.ts';
import type { BaselineTraining } from './baseline.ts';

/** Fits logistic regression on the true labels alone, and the features of the student. */
export const learn: BaselineTraining = async (job, folder, { signal }) => {
  const features = studentFeatures(job.plan);
  const labels = await trueLabelSet(job);
  const fit = await fitLinear(job, features, labels, baselineLimits, signal);
  await saveLinear(job, folder, features, fit);
  return { description: `Logistic regression, ${fit.description}.` };
};
