import { product } from '../arrays.ts';
import type { AugmentConfig } from '../data/features/augment-config.ts';
import { createAugmenter, featureShape, hasTexts } from '../data/features/index.ts';
import { type Decoded, decodedText, type Rows } from '../data/features/kind.ts';
import { randomFor } from '../data/random.ts';
import type { Batch } from './batch-shape.ts';
import { mixBatch } from './mixup.ts';
import type { RecordShape, Records, Supervision } from './records.ts';
import type { TextRecords } from './text-records.ts';

export interface BatchOptions extends RecordShape {
  readonly augment: AugmentConfig;
  /** ε of `smoothTargets`. Default: 0. */
  readonly labelSmoothing?: number | undefined;
  /** α of `mixBatch`; not for texts. Default: 0, no mixing. */
  readonly mixup?: number | undefined;
  /** Seed of the augmentation and the mixing. */
  readonly seed: number;
}

/** A decoded example, with what the student learns from it. */
export interface SupervisedExample {
  readonly decoded: Decoded;
  readonly supervision: Supervision;
}

/** Maker of augmented and normalized batches; `Stored` are the records of its kind of features. */
export interface BatchMaker<Stored = Records | TextRecords> {
  /** @param first position of the first example in the epoch, which seeds its random numbers. */
  fromExamples(examples: readonly SupervisedExample[], epoch: number, first: number): Batch;
  /** Makes the same batch from records of the same examples. */
  fromRecords(records: Stored, indices: readonly number[], epoch: number, first: number): Batch;
}

export function createBatchMaker(options: BatchOptions): BatchMaker {
  // The cache makes records of the same kind.
  const maker = (
    hasTexts(options.features) ? textBatches(options) : numberBatches(options)
  ) as BatchMaker;
  const { classes, labelSmoothing = 0, mixup = 0, seed } = options;
  const finish = (batch: Batch, epoch: number, first: number): Batch => {
    if (labelSmoothing > 0) smoothTargets(batch.targets, classes, labelSmoothing);
    return mixup > 0 ? mixBatch(batch, mixup, seed, epoch, first) : batch;
  };
  return {
    fromExamples: (examples, epoch, first) =>
      finish(maker.fromExamples(examples, epoch, first), epoch, first),
    fromRecords: (records, indices, epoch, first) =>
      finish(maker.fromRecords(records, indices, epoch, first), epoch, first),
  };
}

/** Makes batches of texts, which have no augmentation. */
function textBatches({ classes }: Pick<BatchOptions, 'classes'>): BatchMaker<TextRecords> {
  return {
    fromExamples(examples) {
      const texts = examples.map(({ decoded }) => decodedText(decoded));
      const batch = emptyBatch({ n: texts.length, texts }, classes);
      for (const [row, { supervision }] of examples.entries()) {
        supervise(batch, row, supervision, classes);
      }
      return batch;
    },
    fromRecords(records, indices) {
      const texts = indices.map((index) => records.text(index));
      const batch = emptyBatch({ n: texts.length, texts }, classes);
      for (const [row, index] of indices.entries()) records.supervise(index, batch, row);
      return batch;
    },
  };
}

function emptyBatch<Kind extends Rows>(rows: Kind, classes: number): Batch & { rows: Kind } {
  return {
    size: rows.n,
    rows,
    targets: new Float32Array(rows.n * classes),
    teacherMargins: new Float32Array(rows.n),
    weights: new Float32Array(rows.n),
  };
}

function supervise(batch: Batch, row: number, supervision: Supervision, classes: number): void {
  batch.targets.set(supervision.target, row * classes);
  batch.teacherMargins[row] = supervision.teacherMargin;
  batch.weights[row] = supervision.weight;
}

function numberBatches({ features, classes, augment, seed }: BatchOptions): BatchMaker<Records> {
  const length = product(featureShape(features));
  const augmenter = createAugmenter(features, augment);
  const none = () => 0;
  const randomOf = (epoch: number, position: number) =>
    augmenter.isRandom ? randomFor(seed, epoch, position) : none;
  const emptyRows = (n: number) => ({ n, values: new Float32Array(n * length) });
  return {
    fromExamples(examples, epoch, first) {
      const batch = emptyBatch(emptyRows(examples.length), classes);
      examples.forEach(({ decoded, supervision }, row) => {
        const random = randomOf(epoch, first + row);
        augmenter.write(decoded, 0, batch.rows.values, row * length, random);
        supervise(batch, row, supervision, classes);
      });
      return batch;
    },
    fromRecords(records, indices, epoch, first) {
      const batch = emptyBatch(emptyRows(indices.length), classes);
      indices.forEach((index, row) => {
        const random = randomOf(epoch, first + row);
        const start = records.startOf(index);
        augmenter.write(records.decoded, start, batch.rows.values, row * length, random);
        records.supervise(index, batch, row);
      });
      return batch;
    },
  };
}

/**
 * Smooths targets in place, (1 − ε) t + ε / classes (Szegedy et al., "Rethinking the Inception
 * architecture for computer vision", CVPR 2016, section 7). Soft targets are smoothed alike.
 *
 * @param targets [n, classes]
 * @example
 * const targets = Float32Array.of(1, 0);
 * smoothTargets(targets, 2, 0.1); // 0.95, 0.05
 */
function smoothTargets(targets: Float32Array, classes: number, smoothing: number): void {
  const rest = smoothing / classes;
  for (let i = 0; i < targets.length; i++) targets[i] = (1 - smoothing) * targets[i]! + rest;
}
