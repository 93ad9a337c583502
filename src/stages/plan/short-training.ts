import { z } from 'zod';
import type { Config } from '../../config/schema.ts';
import { counted } from '../../format.ts';
import { isLinearHead } from '../../models/networks/index.ts';
import {
  isPretrained,
  labelsPerFold,
  withTeacherLength,
} from '../../models/networks/training-length.ts';
import { memberFields } from '../../models/teachers/trained-kind.ts';
import { epochSteps } from '../../train/order.ts';

/**
 * Steps below which a teacher from random weights has hardly learned its labels. With 30 steps on
 * 20 labels, `ngrams` is right on 72% of the spam test set; with 400, on 84%. With 45 steps on 320
 * labels, an `mlp` is right on 78% of the adult test set; with 90, on 83%.
 */
const fewSteps = 100;

/**
 * Lists warnings of teachers whose config makes them take too few steps. Each teacher of a fold
 * learns the labels outside the fold.
 *
 * @param labels Number of labels that the teacher learns, or about as many.
 */
export function shortTrainings({ teacher, folds }: Config, labels: number): string[] {
  const learned = Math.max(1, labelsPerFold(labels, folds));
  return memberFields(teacher).flatMap(({ path, network: given }) => {
    const network = withTeacherLength(given, learned);
    const steps = epochSteps(network, learned);
    if (steps >= fewSteps || isLinearHead(network) || isPretrained(network)) return [];
    const field = z.core.toDotPath(path);
    return `${field} takes ${counted(steps, 'step')} on ${counted(learned, 'label')}, in which a network hardly learns. Leave out ${field}.epochs: the default is enough.`;
  });
}
