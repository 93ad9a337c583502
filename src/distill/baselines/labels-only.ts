import { sum } from '../../arrays.ts';
import { count, counted } from '../../format.ts';
import { isModelSaved } from '../../models/model-files.ts';
import { forFewLabels } from '../../models/networks/training-length.ts';
import { trueLabelSet } from '../sets.ts';
import { trainNetwork } from '../training.ts';
import type { BaselineTraining } from './baseline.ts';

/** Trains the student's architecture on the true labels alone, without the warm-up. */
export const learn: BaselineTraining = async (job, folder, context) => {
  const { student, seed } = job.plan.config;
  const labeled = await trueLabelSet(job);
  const labels = sum(labeled.map(({ count: labels }) => labels));
  const network = forFewLabels(student, labels);
  if (!(await isModelSaved(job.results, folder))) {
    const task = { stage: 'Train', part: 'labels-only', folder, network, seed, labeled };
    await trainNetwork(job, task, context);
  }
  return {
    description: `The student's architecture, trained on ${counted(labels, 'label')} alone for ${count(network.epochs)} epochs.`,
  };
};
