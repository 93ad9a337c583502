import type { AugmentConfig } from '../data/features/augment-config.ts';
import { hasTexts } from '../data/features/index.ts';
import { type Decoded, decodedText, type Rows } from '../data/features/kind.ts';
import type { Decisions } from '../debias/decisions.ts';
import type { Batch, Supervised } from './batch-shape.ts';
import { mixBatch } from './mixup.ts';
import type { RecordShape, Records } from './records.ts';
import { openRowMaker } from './row-maker.ts';
import type { Supervision } from './supervision.ts';
import type { TextRecords } from './text-records.ts';

export interface BatchOptions extends RecordShape {
  readonly batchSize: number;
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

/** A batch, or the promise of one if a thread makes it. */
type Made = Batch | Promise<Batch>;

/** Maker of augmented and normalized batches; `Stored` are the records of its kind of features. */
export interface BatchMaker<Stored = Records | TextRecords> {
  /** Number of batches that threads make at the same time; 0 without threads. */
  readonly parallel: number;
  /** @param first position of the first example in the epoch, which seeds its random numbers. */
  fromExamples(examples: readonly SupervisedExample[], epoch: number, first: number): Made;
  /** Makes the same batch from records of the same examples, which are free when it returns. */
  fromRecords(records: Stored, indices: readonly number[], epoch: number, first: number): Made;
  /** Ends the threads. */
  close(): Promise<void>;
}

export function createBatchMaker(options: BatchOptions): BatchMaker {
  // The cache makes records of the same kind.
  const maker = (
    hasTexts(options.features) ? textBatches(options) : numberBatches(options)
  ) as BatchMaker;
  const { decisions, labelSmoothing = 0, mixup = 0, seed } = options;
  const finish = (batch: Batch, epoch: number, first: number): Batch => {
    if (labelSmoothing > 0) smoothTargets(batch.targets, decisions.classes, labelSmoothing);
    return mixup > 0 ? mixBatch(batch, mixup, seed, epoch, first) : batch;
  };
  const finished = (made: Made, epoch: number, first: number): Made =>
    made instanceof Promise
      ? made.then((batch) => finish(batch, epoch, first))
      : finish(made, epoch, first);
  return {
    parallel: maker.parallel,
    fromExamples: (examples, epoch, first) =>
      finished(maker.fromExamples(examples, epoch, first), epoch, first),
    fromRecords: (records, indices, epoch, first) =>
      finished(maker.fromRecords(records, indices, epoch, first), epoch, first),
    close: () => maker.close(),
  };
}

/** Makes batches of texts, which have no augmentation. */
function textBatches({ decisions }: Pick<BatchOptions, 'decisions'>): BatchMaker<TextRecords> {
  return {
    parallel: 0,
    fromExamples(examples) {
      const texts = examples.map(({ decoded }) => decodedText(decoded));
      return { ...supervisedBy(examples, decisions), rows: { n: texts.length, texts } };
    },
    fromRecords(records, indices) {
      const texts = indices.map((index) => records.text(index));
      return {
        ...supervisedByRecords(records, indices, decisions),
        rows: { n: texts.length, texts },
      };
    },
    async close() {},
  };
}

/** Makes batches of numbers. */
function numberBatches(options: BatchOptions): BatchMaker<Records> {
  const { decisions } = options;
  const maker = openRowMaker(options);
  return {
    parallel: maker.parallel,
    fromExamples(examples, epoch, first) {
      const parts = examples.map(({ decoded }) => ({ decoded, start: 0 }));
      return withRows(supervisedBy(examples, decisions), maker.make(parts, epoch, first));
    },
    fromRecords(records, indices, epoch, first) {
      const { decoded } = records;
      const parts = indices.map((index) => ({ decoded, start: records.startOf(index) }));
      const supervised = supervisedByRecords(records, indices, decisions);
      return withRows(supervised, maker.make(parts, epoch, first));
    },
    close: () => maker.close(),
  };
}

function withRows(supervised: Supervised, made: Rows | Promise<Rows>): Made {
  return made instanceof Promise
    ? made.then((rows) => ({ ...supervised, rows }))
    : { ...supervised, rows: made };
}

function supervisedBy(examples: readonly SupervisedExample[], decisions: Decisions): Supervised {
  const { outputs, perExample } = decisions;
  const batch = emptySupervised(examples.length, decisions);
  for (const [row, { supervision }] of examples.entries()) {
    batch.targets.set(supervision.target, row * outputs);
    batch.teacherMargins.set(supervision.teacherMargins, row * perExample);
    batch.weights.set(supervision.weights, row * perExample);
  }
  return batch;
}

function supervisedByRecords(
  records: Records | TextRecords,
  indices: readonly number[],
  decisions: Decisions,
): Supervised {
  const batch = emptySupervised(indices.length, decisions);
  for (const [row, index] of indices.entries()) records.supervise(index, batch, row);
  return batch;
}

function emptySupervised(size: number, { outputs, perExample }: Decisions): Supervised {
  return {
    size,
    targets: new Float32Array(size * outputs),
    teacherMargins: new Float32Array(size * perExample),
    weights: new Float32Array(size * perExample),
  };
}

/**
 * Smooths targets in place, (1 − ε) t + ε / classes (Szegedy et al., "Rethinking the Inception
 * architecture for computer vision", CVPR 2016, section 7). Soft targets are smoothed alike.
 *
 * @param targets [n, outputs]
 * @param classes The classes of a decision: 2 in a multi-label task.
 * @example
 * const targets = Float32Array.of(1, 0);
 * smoothTargets(targets, 2, 0.1); // 0.95, 0.05
 */
function smoothTargets(targets: Float32Array, classes: number, smoothing: number): void {
  const rest = smoothing / classes;
  for (let i = 0; i < targets.length; i++) targets[i] = (1 - smoothing) * targets[i]! + rest;
}
