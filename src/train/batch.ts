import { product } from '../arrays.ts';
import type { AugmentConfig } from '../data/features/augment-config.ts';
import { createAugmenter, featureShape } from '../data/features/index.ts';
import type { Decoded } from '../data/features/kind.ts';
import { randomFor } from '../data/random.ts';
import type { Batch } from './batch-shape.ts';
import type { RecordShape, Records, Supervision } from './records.ts';

export interface BatchOptions extends RecordShape {
  readonly augment: AugmentConfig;
  /** Seed of the augmentation. */
  readonly seed: number;
}

/** A decoded example, with what the student learns from it. */
export interface SupervisedExample {
  readonly decoded: Decoded;
  readonly supervision: Supervision;
}

/** Maker of augmented and normalized batches. */
export interface BatchMaker {
  /** @param first position of the first example in the epoch, which seeds its random numbers. */
  fromExamples(examples: readonly SupervisedExample[], epoch: number, first: number): Batch;
  /** Makes the same batch from records of the same examples. */
  fromRecords(records: Records, indices: readonly number[], epoch: number, first: number): Batch;
}

export function createBatchMaker({ features, classes, augment, seed }: BatchOptions): BatchMaker {
  const length = product(featureShape(features));
  const augmenter = createAugmenter(features, augment);
  const none = () => 0;
  const randomOf = (epoch: number, position: number) =>
    augmenter.isRandom ? randomFor(seed, epoch, position) : none;
  const emptyBatch = (size: number): Batch => ({
    size,
    features: new Float32Array(size * length),
    targets: new Float32Array(size * classes),
    teacherMargins: new Float32Array(size),
    weights: new Float32Array(size),
  });
  return {
    fromExamples(examples, epoch, first) {
      const batch = emptyBatch(examples.length);
      examples.forEach(({ decoded, supervision }, row) => {
        const random = randomOf(epoch, first + row);
        augmenter.write(decoded, 0, batch.features, row * length, random);
        batch.targets.set(supervision.target, row * classes);
        batch.teacherMargins[row] = supervision.teacherMargin;
        batch.weights[row] = supervision.weight;
      });
      return batch;
    },
    fromRecords(records, indices, epoch, first) {
      const batch = emptyBatch(indices.length);
      indices.forEach((index, row) => {
        const random = randomOf(epoch, first + row);
        const start = records.startOf(index);
        augmenter.write(records.decoded, start, batch.features, row * length, random);
        records.supervise(index, batch, row);
      });
      return batch;
    },
  };
}
