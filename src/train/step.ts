import type { Batch, Reweigh } from './batch-shape.ts';
import type { Loss } from './losses/index.ts';

/** Options of a training step. */
export interface StepSettings {
  /** Dropout seed. Default: 0. */
  readonly seed?: number;
  /** Default: cross-entropy, for tasks with one class per example. */
  readonly loss?: Loss;
  /** Factor on the learning rate of each trainable weight, by its name. Default: 1. */
  readonly rateFactor?: ((weight: string) => number) | undefined;
  /** λ of the penalty λ/2 ‖W‖² on the kernels, added to the loss of a batch. Default: 0. */
  readonly penalty?: number | undefined;
}

/** Float tensors by name. */
export type State = Map<string, { shape: number[]; values: Float32Array }>;

/** Result of a step. */
export interface StepResult {
  /** The weighted loss. */
  readonly loss: number;
  /** Weights used, [size, perExample]. */
  readonly weights: Float32Array;
  /** Probabilities of the student before the update, [size, outputs]. */
  readonly probabilities: Float32Array;
}

/** Name of the count of steps in a state. */
export const stepsName = 'optimizer/steps';

/**
 * Step of training: forward, loss, backward, optimizer. The loss is
 * sum_i w_i * loss(target_i, student_i) / size; by default, `loss` is cross-entropy. With several
 * labels per example, it is the mean over them, each with its weight.
 */
export interface TrainingStep {
  /**
   * Takes one step.
   * @param reweigh computes weights from the batch's forward pass. Default: `batch.weights`.
   */
  run(batch: Batch, learningRate: number, reweigh?: Reweigh): StepResult;
  /** Returns the whole state, by name: weights, then optimizer slots. */
  state(): State;
  /**
   * Restores a result of `state`.
   * @throws Error if it is the state of another model or optimizer.
   */
  restore(state: State): void;
  /** Copies the trained weights to the model, which may be unchanged until then. */
  updateModel(): void;
  /** Frees the native memory; the model is kept. */
  dispose(): void;
}

/**
 * Checks that a state to restore has the expected tensors, each with its shape, and returns the
 * count of steps.
 * @throws Error if it is the state of another model or optimizer.
 */
export function checkState(
  state: State,
  shapes: ReadonlyMap<string, readonly number[]>,
): { steps: number } {
  const unknown = [...state.keys()].find((name) => name !== stepsName && !shapes.has(name));
  if (unknown !== undefined) throw new Error(`the model has no '${unknown}' to restore`);
  for (const [name, shape] of [...shapes, [stepsName, []] as const]) {
    const found = state.get(name);
    if (!found) throw new Error(`the state to restore lacks '${name}'`);
    if (found.shape.join() !== shape.join()) {
      throw new Error(`'${name}' is [${found.shape}]; expected [${shape}]`);
    }
  }
  // A float counts exactly to 2^24, and long before that Adam's corrections are 1.
  return { steps: state.get(stepsName)!.values[0]! };
}
