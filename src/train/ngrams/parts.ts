import type { NgramsModel } from '../../models/ngrams/model.ts';
import { decayOf, type OptimizerConfig } from '../optimizer-rules.ts';
import { createRowOptimizer, type RowOptimizer } from './optimizer.ts';

/** A model with an optimizer for each of its parts. */
export interface TrainedParts {
  readonly model: NgramsModel;
  readonly embeddings: RowOptimizer;
  /** The kernel and the bias of each layer. */
  readonly layers: readonly { readonly kernel: RowOptimizer; readonly bias: RowOptimizer }[];
}

/** Creates the optimizers of a model. */
export function partsOf(model: NgramsModel, config: OptimizerConfig): TrainedParts {
  const { embeddings } = model;
  const optimizerOf = (name: string, width: number, values: () => Float32Array) =>
    createRowOptimizer({ name, width, values, decay: decayOf({ name }, config) }, config);
  return {
    model,
    embeddings: optimizerOf('embeddings/kernel', embeddings.dimension, () => embeddings.values),
    layers: model.layers.map(({ name, kernel, bias }) => ({
      kernel: optimizerOf(`${name}/kernel`, 1, () => kernel),
      bias: optimizerOf(`${name}/bias`, 1, () => bias),
    })),
  };
}
