/**
 * The optimizers of `../optimizers.ts` on arrays. The vectors of n-grams are updated lazily: only
 * rows with a gradient change, with their slots and weight decay. Adam keeps one second moment per
 * row, the mean over its numbers (partial row-wise Adam, as in FBGEMM): half the memory.
 */
import { grown } from '../../models/ngrams/reader.ts';
import { type AdamRates, adamRates, type OptimizerConfig, slotNames } from '../optimizer-rules.ts';

/** A parameter: rows of numbers, which may become more. */
export interface RowParameter {
  /** Name in a state: "embeddings", "scores/kernel". */
  readonly name: string;
  /** Numbers per row. */
  readonly width: number;
  /** Share of the learning rate that a step subtracts from each number. */
  readonly decay: number;
  values(): Float32Array;
}

/** Rows to update, with their gradients. */
export interface RowGradients {
  readonly count: number;
  /** [count] */
  readonly rows: Int32Array;
  /** [count, width] */
  readonly gradients: Float32Array;
}

/** Optimizer of one parameter. */
export interface RowOptimizer {
  /** Slots by their names, each with its numbers per row. */
  readonly slots: ReadonlyMap<string, { readonly width: number; values: Float32Array }>;
  /** Sets the slots of all rows to 0. */
  reset(): void;
  /** @param step The count of steps, from 1. */
  update(gradients: RowGradients, learningRate: number, step: number): void;
}

export function createRowOptimizer(
  parameter: RowParameter,
  { optimizer, momentum }: OptimizerConfig,
): RowOptimizer {
  const { width, decay } = parameter;
  const slots = new Map(
    slotNames[optimizer].map((name) => {
      const slotWidth = name === 'v' ? 1 : width;
      const rows = parameter.values().length / width;
      return [name as string, { width: slotWidth, values: new Float32Array(rows * slotWidth) }];
    }),
  );
  const makeRoom = () => {
    for (const slot of slots.values()) {
      while (slot.values.length * width < parameter.values().length * slot.width) {
        slot.values = grown(slot.values);
      }
    }
  };
  return {
    slots,
    reset() {
      makeRoom();
      for (const { values } of slots.values()) values.fill(0);
    },
    update(gradients, learningRate, step) {
      makeRoom();
      const values = parameter.values();
      const kept = 1 - learningRate * decay;
      if (optimizer === 'adam') {
        const [m, v] = [slots.get('m')!.values, slots.get('v')!.values];
        adam(values, m, v, width, gradients, adamRates(learningRate, step), kept);
      } else {
        sgd(values, slots.get('velocity')!.values, width, gradients, momentum, learningRate, kept);
      }
    },
  };
}

function adam(
  values: Float32Array,
  m: Float32Array,
  v: Float32Array,
  width: number,
  { count, rows, gradients }: RowGradients,
  { beta1, beta2, rate, epsilon }: AdamRates,
  kept: number,
): void {
  for (let index = 0; index < count; index++) {
    const row = rows[index]!;
    const from = index * width;
    const to = row * width;
    let squares = 0;
    for (let i = 0; i < width; i++) squares += gradients[from + i]! * gradients[from + i]!;
    const second = beta2 * v[row]! + ((1 - beta2) * squares) / width;
    v[row] = second;
    const step = rate / (Math.sqrt(second) + epsilon);
    for (let i = 0; i < width; i++) {
      const first = beta1 * m[to + i]! + (1 - beta1) * gradients[from + i]!;
      m[to + i] = first;
      values[to + i] = kept * values[to + i]! - step * first;
    }
  }
}

function sgd(
  values: Float32Array,
  velocities: Float32Array,
  width: number,
  { count, rows, gradients }: RowGradients,
  momentum: number,
  learningRate: number,
  kept: number,
): void {
  for (let index = 0; index < count; index++) {
    const from = index * width;
    const to = rows[index]! * width;
    for (let i = 0; i < width; i++) {
      const velocity = momentum * velocities[to + i]! + gradients[from + i]!;
      velocities[to + i] = velocity;
      values[to + i] = kept * values[to + i]! - learningRate * velocity;
    }
  }
}
