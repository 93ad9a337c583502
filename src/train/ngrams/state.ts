import { type OptimizerConfig, slotKey } from '../optimizer-rules.ts';
import { checkState, type State, stepsName } from '../step.ts';
import type { RowOptimizer } from './optimizer.ts';
import type { TrainedParts } from './parts.ts';

/** Name of the buckets of the rows, in the order in which they were added; exact up to 2^24. */
const bucketsName = 'embeddings/buckets';
const embeddingsName = 'embeddings/kernel';

/** A tensor of the state, in the memory of the step. */
interface Stored {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Returns the state of a step: the rows that were seen, the layers, and all slots. */
export function stateOf(parts: TrainedParts, config: OptimizerConfig, steps: number): State {
  const { count, buckets } = parts.model.embeddings;
  const state: State = new Map([
    [bucketsName, { shape: [count], values: Float32Array.from(buckets.subarray(0, count)) }],
  ]);
  for (const { name, shape, values } of storedOf(parts, config)) {
    state.set(name, { shape: [...shape], values: values.slice() });
  }
  return state.set(stepsName, { shape: [], values: Float32Array.of(steps) });
}

/**
 * Restores a result of `stateOf`; returns the count of steps.
 * @throws Error if it is the state of another model or optimizer.
 */
export function restoreState(parts: TrainedParts, config: OptimizerConfig, state: State): number {
  const { embeddings } = parts.model;
  const buckets = state.get(bucketsName)?.values ?? new Float32Array(0);
  embeddings.clear();
  for (const bucket of buckets) embeddings.add(bucket);
  for (const optimizer of optimizersOf(parts)) optimizer.reset();
  const stored = storedOf(parts, config);
  const shapes = new Map(stored.map(({ name, shape }) => [name, shape]));
  const { steps } = checkState(state, shapes.set(bucketsName, [buckets.length]));
  for (const { name, values } of stored) values.set(state.get(name)!.values);
  return steps;
}

function optimizersOf({ embeddings, layers }: TrainedParts): RowOptimizer[] {
  return [embeddings, ...layers.flatMap(({ kernel, bias }) => [kernel, bias])];
}

/** Lists the tensors of a state as views: weights, then slots. */
function storedOf({ model, ...parts }: TrainedParts, config: OptimizerConfig): Stored[] {
  const { count, dimension, values } = model.embeddings;
  const rows = (width: number) => (width === 1 ? [count] : [count, width]);
  const weights: Stored[] = [
    { name: embeddingsName, shape: rows(dimension), values: values.subarray(0, count * dimension) },
  ];
  const slots: Stored[] = [];
  for (const [slot, { width, values }] of parts.embeddings.slots) {
    const name = slotKey(config, slot, embeddingsName);
    slots.push({ name, shape: rows(width), values: values.subarray(0, count * width) });
  }
  for (const [index, { name: layer, inputs, outputs, kernel, bias }] of model.layers.entries()) {
    const all = [
      { name: `${layer}/kernel`, shape: [inputs, outputs], values: kernel, part: 'kernel' },
      { name: `${layer}/bias`, shape: [outputs], values: bias, part: 'bias' },
    ] as const;
    for (const { name, shape, values, part } of all) {
      weights.push({ name, shape, values });
      for (const [slot, { values }] of parts.layers[index]![part].slots) {
        slots.push({ name: slotKey(config, slot, name), shape, values });
      }
    }
  }
  return [...weights, ...slots];
}
