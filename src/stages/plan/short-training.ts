import type { Config } from '../../config/schema.ts';
import { count, counted } from '../../format.ts';
import { isLinearHead, type Network } from '../../models/networks/index.ts';
import { memberFields } from '../../models/teachers/trained-kind.ts';
import { epochSteps } from '../../train/order.ts';

/**
 * Steps below which a teacher from random weights has hardly learned its labels. With 30 steps on
 * 20 labels, `ngrams` is right on 72% of the spam test set; with 400, on 84%. With 45 steps on 320
 * labels, an `mlp` is right on 78% of the adult test set; with 90, on 83%.
 */
const fewSteps = 100;
/** Steps that are proposed, and batches for few labels. */
const enoughSteps = 400;
const smallBatch = 32;

/**
 * Lists warnings of teachers that take too few steps, and the settings that give them enough. Each
 * teacher of a fold learns the labels outside the fold.
 *
 * @param labels Number of labels that the teacher learns, or about as many.
 */
export function shortTrainings({ teacher, folds }: Config, labels: number): string[] {
  const learned = Math.max(1, folds > 1 ? Math.floor((labels * (folds - 1)) / folds) : labels);
  return memberFields(teacher).flatMap(({ path, network }) => {
    const steps = epochSteps(network, learned);
    if (steps >= fewSteps || isLinearHead(network) || isPretrained(network)) return [];
    const batchSize = Math.min(network.batchSize, smallBatch);
    const epochs = Math.ceil(enoughSteps / Math.ceil(learned / batchSize));
    const field = path.join('.');
    return `${field} takes ${counted(steps, 'step')} on ${counted(learned, 'label')}, in which a network hardly learns. For ${count(enoughSteps)} steps, set ${field}.epochs: ${epochs} and ${field}.batchSize: ${batchSize}.`;
  });
}

/** Returns whether the network starts from weights that it has learned elsewhere. */
function isPretrained(network: Network): boolean {
  return 'weights' in network && network.weights !== undefined && network.weights !== 'random';
}
