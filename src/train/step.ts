import type { Batch, Reweigh } from './batch-shape.ts';
import type { Loss } from './losses/index.ts';

/** What a training step may do otherwise. */
export interface StepSettings {
  /** Of dropout. Default: 0. */
  readonly seed?: number;
  /** Default: cross-entropy. */
  readonly loss?: Loss;
}

/** Float tensors by name. */
export type State = Map<string, { shape: number[]; values: Float32Array }>;

/** What a step has made of a batch. */
export interface StepResult {
  /** The weighted loss. */
  readonly loss: number;
  /** What it was weighted by, [size]. */
  readonly weights: Float32Array;
  /** What the student said before it moved: [size, classes]. */
  readonly probabilities: Float32Array;
}

/** Where a state keeps the count of steps. */
export const stepsName = 'optimizer/steps';

/**
 * One step of training: forward, loss, backward, optimizer. The loss is
 * sum_i w_i * loss(target_i, student_i) / size; the loss is cross-entropy unless told otherwise.
 */
export interface TrainingStep {
  /**
   * @param reweigh when given, replaces `batch.weights`, from the batch's own forward pass.
   */
  run(batch: Batch, learningRate: number, reweigh?: Reweigh): StepResult;
  /** Everything that the next step depends on, by name: weights, then optimizer slots. */
  state(): State;
  /**
   * Puts back what `state` gave.
   * @throws Error when it is the state of another model or optimizer.
   */
  restore(state: State): void;
  /** Brings the model up to date with the steps that were taken; until then it may be as before. */
  updateModel(): void;
  /** Frees the native memory; the model stays. */
  dispose(): void;
}

/**
 * Checks that a state to restore has the tensors that are expected, each with its shape, and the
 * count of steps, and gives the count.
 * @throws Error when it is the state of another model or optimizer.
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
