/** The interface of a loss function. */
import type { OutputActivation } from '../../models/topology.ts';
import type { tfTypes } from '../../tensorflow.ts';
import type { Batch } from '../batch-shape.ts';

/**
 * A row of the table of losses (`index.ts`).
 *
 * @typeParam Parameters the constants of the loss, such as λ.
 */
export interface LossRow<Parameters = never> {
  readonly name: string;
  readonly open: (parameters: Parameters) => LossFunction;
}

/**
 * A loss of n examples with given parameters.
 *
 * @typeParam Name the names of the inputs that only this loss has.
 */
export interface LossFunction<Name extends string = string> {
  /**
   * Function from logits to probabilities. `sigmoid`: every output is a label, whose loss has a
   * weight of its own.
   */
  readonly activation: OutputActivation;
  /** The inputs besides logits and targets. A graph has one placeholder per input, by its name. */
  readonly inputs: { readonly [N in Name]: LossInput };
  /**
   * Computes the loss of every row, [n], or of every label, [n, outputs]; differentiable in the
   * logits.
   *
   * @param logits [n, outputs]
   * @param targets [n, outputs]
   */
  losses(
    logits: tfTypes.Tensor,
    targets: tfTypes.Tensor,
    inputs: { readonly [N in Name]: tfTypes.Tensor },
  ): tfTypes.Tensor;
}

/** An input of a loss: constants per example, computed from the batch. */
export interface LossInput {
  shape(size: number, outputs: number): number[];
  /** Row-major values of that shape. */
  values(batch: Batch): Float32Array;
}
