/** The true labels with the numbers that a linear model reads, within limits on memory and time. */
import { product, sum } from '../arrays.ts';
import { decodedBatches } from '../data/decoded-batches.ts';
import { createEncoder, type Features, featureShape } from '../data/features/index.ts';
import { numbersOf, rowsOf } from '../data/features/kind.ts';
import { hashToUnit } from '../data/random.ts';
import { UserError } from '../errors.ts';
import { count } from '../format.ts';
import { batchSizeFor } from '../models/batch-size.ts';
import type { Job } from '../run/job.ts';
import { planDecisions } from '../run/plan-file.ts';
import { tf } from '../tensorflow.ts';
import type { LabeledRows } from '../train/logistic/labeled-rows.ts';
import type { ShardSource } from '../train/stream.ts';
import { decodeForStudent } from './student-inputs.ts';
import type { TrainingExample } from './training-example.ts';

/** Limits of all linear models. */
const limits = {
  /** Maximum numbers per image. Larger images are reduced. */
  imageNumbers: 3072,
  /** Maximum weights for images. With more, because of many classes, images are reduced too. */
  imageWeights: 2 ** 20,
  /** Maximum weights. With more, there is no model. */
  weights: 2 ** 23,
};

/** Limits on memory and time. With more labels, a sample of them is used. */
export interface RowLimits {
  /** Maximum numbers of all examples together. */
  readonly numbers: number;
  /** Maximum examples × weights. */
  readonly work: number;
}

export const baselineLimits: RowLimits = { numbers: 2 ** 25, work: 2 ** 31 };
/** Two copies of the numbers take 1 GiB. */
export const teacherLimits: RowLimits = { numbers: 2 ** 27, work: 2 ** 34 };

/** Inputs of the regression. */
export interface RowInputs {
  /** Shape of an example's features. */
  readonly shape: readonly number[];
  /** Edge of the squares of pixels that are averaged; 1 for none. */
  readonly pool: number;
  /** Numbers per example. */
  readonly length: number;
  /** Weights of the regression: numbers × outputs of the task. */
  readonly weights: number;
}

/**
 * Reduces large images by averaging squares of pixels.
 *
 * @param shape Shape of an example's features.
 * @throws UserError if there are too many weights.
 */
export function inputsOf(shape: readonly number[], classes: number): RowInputs {
  const at = (pool: number): RowInputs => {
    const [height = 1, width = 1, channels = 1] = shape;
    const pooled = Math.ceil(height / pool) * Math.ceil(width / pool) * channels;
    const length = pool === 1 ? product(shape) : pooled;
    return { shape, pool, length, weights: length * classes };
  };
  let inputs = at(1);
  const isImage = shape.length === 3;
  while (
    isImage &&
    inputs.pool < Math.max(...shape) &&
    (inputs.length > limits.imageNumbers || inputs.weights > limits.imageWeights)
  ) {
    inputs = at(inputs.pool + 1);
  }
  if (inputs.weights <= limits.weights) return inputs;
  throw new UserError(
    `${count(inputs.length)} features and ${count(classes)} classes make ${count(inputs.weights)} weights, more than ${count(limits.weights)}`,
  );
}

/** True labels with their features. */
export interface TrueRows {
  /** The labels are those of the first decision. */
  readonly rows: LabeledRows;
  /** Labels of each decision, [n] each: in a multi-label task, whether an example has the label. */
  readonly decided: readonly Int32Array[];
  /** Labeled examples in the sources. */
  readonly available: number;
}

/**
 * Reads the true labels with their features: all, or a sample by a hash of the ids that fits the
 * limits.
 *
 * @param note Receives the examples that are used, in the order of the rows.
 */
export async function readRows<One extends TrainingExample>(
  job: Job,
  features: Features,
  sources: readonly ShardSource<One>[],
  inputs: RowInputs,
  { numbers, work }: RowLimits,
  note?: (example: One) => void,
): Promise<TrueRows> {
  const { config } = job.plan;
  const decisions = planDecisions(job.plan);
  const available = sum(sources.map(({ count: labels }) => labels));
  const { length } = inputs;
  const room = Math.min(numbers / length, work / inputs.weights);
  const capacity = Math.max(1, Math.min(available, Math.floor(room)));
  const values = new Float32Array(capacity * length);
  const decided = Array.from({ length: decisions.perExample }, () => new Int32Array(capacity));
  async function* sampled() {
    for (const { open } of sources) {
      for await (const one of open()) {
        if (hashToUnit(one.example.id, config.seed) < capacity / available) yield one;
      }
    }
  }
  let filled = 0;
  for await (const batch of decodedRows(features, sampled())) {
    const taken = batch.examples.slice(0, capacity - filled);
    if (taken.length === 0) break;
    const reduced = reduce(batch.values, batch.examples.length, inputs);
    values.set(reduced.subarray(0, taken.length * length), filled * length);
    for (const one of taken) {
      const { target } = one;
      const classes = decisions.isMultiLabel ? target : [target.indexOf(1)];
      for (const [index, labels] of decided.entries()) labels[filled] = classes[index]!;
      filled++;
      note?.(one);
    }
  }
  const columns = decided.map((labels) => labels.subarray(0, filled));
  const rows = {
    values: values.subarray(0, filled * length),
    length,
    labels: columns[0]!,
    classes: decisions.classes,
  };
  return { rows, decided: columns, available };
}

/** Yields features in batches, [n, ...featureShape], with their n examples. */
async function* decodedRows<One extends TrainingExample>(
  features: Features,
  examples: AsyncIterable<One>,
) {
  const encoder = createEncoder(features);
  const batchSize = batchSizeFor(featureShape(features));
  const decode = async (one: One) => ({
    decoded: await decodeForStudent(encoder, one.example),
    one,
  });
  for await (const batch of decodedBatches(examples, { batchSize, room: batchSize, decode })) {
    const decoded = batch.map((each) => each.decoded);
    const values = numbersOf(rowsOf(encoder, decoded));
    yield { values, examples: batch.map(({ one }) => one) };
  }
}

/** Averages squares of pixels. @param values [n, height, width, channels] */
function reduce(values: Float32Array, n: number, { shape, pool }: RowInputs): Float32Array {
  if (pool === 1) return values;
  const [height, width, channels] = shape as readonly [number, number, number];
  const pooled = tf.tidy(() =>
    tf.avgPool(tf.tensor4d(values, [n, height, width, channels]), pool, pool, 'same'),
  );
  const result = pooled.dataSync<'float32'>();
  pooled.dispose();
  return result;
}
