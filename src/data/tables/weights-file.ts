/**
 * The debiasing weights of a shard, as a Parquet file. It has one row per example with a label, in
 * the order of the labels file. All columns except the id are floats.
 */
import type { ObjectStore } from '../../store/store.ts';
import { createTableWriter } from './parquet-table.ts';
import { readResult } from './result-file.ts';

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
  /** Ends the file and returns its bytes; the same for the same rows. */
  finish(): Uint8Array;
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
    finish: () => table.finish(),
  };
}

/** Reads the rows in the order of the shard, with one row group in memory at a time. */
export async function* readWeights(store: ObjectStore, key: string): AsyncGenerator<WeightRow> {
  const names = [
    ...['id', 'teacher_margin', 'student_margin'],
    ...['error_probability', 'distortion', 'weight'],
  ];
  for await (const { rows, column } of readResult(store, key, names)) {
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
