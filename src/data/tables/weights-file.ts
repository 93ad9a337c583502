/**
 * The debiasing weights of a shard, as a Parquet file. It has one row per example with a label, in
 * the order of the labels file. All columns except the id are floats.
 */
import { z } from 'zod';
import type { ObjectStore } from '../../store/store.ts';
import type { ParquetFile } from './parquet-file.ts';
import { createTableWriter } from './parquet-table.ts';
import { openResult, readGroups } from './result-file.ts';

const copiesKey = 'counterweight.testCopies';
const copiesSchema = z.array(z.string());

/** Weights of n examples; every array is [n]. */
export interface WeightBatch {
  readonly ids: readonly string[];
  readonly teacherMargins: Float32Array;
  readonly studentMargins: Float32Array;
  /** Probability that the teacher is wrong. */
  readonly errorProbabilities: Float32Array;
  /** Ratio of the losses on the teacher's label and on the true one, if the teacher is wrong. */
  readonly distortions: Float32Array;
  readonly weights: Float32Array;
}

export interface WeightRow {
  readonly id: string;
  readonly teacherMargin: number;
  readonly studentMargin: number;
  readonly errorProbability: number;
  readonly distortion: number;
  readonly weight: number;
}

export interface WeightsWriter {
  append(batch: WeightBatch): void;
  /**
   * Ends the file and returns its bytes; the same for the same rows.
   *
   * @param testCopies Digests, in hex, of the test examples that the shard has as well.
   */
  finish(testCopies?: readonly string[]): Uint8Array;
}

export function createWeightsWriter(): WeightsWriter {
  const table = createTableWriter({
    id: 'text',
    teacher_margin: 'float',
    student_margin: 'float',
    error_probability: 'float',
    distortion: 'float',
    weight: 'float',
  });
  return {
    append(batch) {
      table.append(batch.ids.length, {
        id: batch.ids,
        teacher_margin: batch.teacherMargins,
        student_margin: batch.studentMargins,
        error_probability: batch.errorProbabilities,
        distortion: batch.distortions,
        weight: batch.weights,
      });
    },
    finish: (testCopies = []) => table.finish({ [copiesKey]: JSON.stringify(testCopies) }),
  };
}

/** A file of weights whose footer was read. */
export interface OpenedWeights {
  /** Digests, in hex, of the test examples that the shard has as well. */
  readonly testCopies: readonly string[];
  /** Reads the rows in the order of the shard, with one row group in memory at a time. */
  rows(): AsyncGenerator<WeightRow>;
}

/** Opens a file of weights. */
export async function openWeights(store: ObjectStore, key: string): Promise<OpenedWeights> {
  const file = await openResult(store, key);
  const testCopies = copiesSchema.parse(JSON.parse(file.keyValues.get(copiesKey) ?? '[]'));
  return { testCopies, rows: () => weightRows(key, file) };
}

/** Reads the rows of a file of weights. */
export async function* readWeights(store: ObjectStore, key: string): AsyncGenerator<WeightRow> {
  yield* (await openWeights(store, key)).rows();
}

async function* weightRows(key: string, file: ParquetFile): AsyncGenerator<WeightRow> {
  const names = [
    ...['id', 'teacher_margin', 'student_margin'],
    ...['error_probability', 'distortion', 'weight'],
  ];
  for await (const { rows, column } of readGroups(key, file, names)) {
    const [ids, teacherMargins, studentMargins, errors, distortions, weights] = names.map(column);
    for (let row = 0; row < rows; row++) {
      yield {
        id: String(ids?.[row]),
        teacherMargin: Number(teacherMargins?.[row]),
        studentMargin: Number(studentMargins?.[row]),
        errorProbability: Number(errors?.[row]),
        distortion: Number(distortions?.[row]),
        weight: Number(weights?.[row]),
      };
    }
  }
}
