/**
 * The debiasing weights of a shard, as a Parquet file. It has one row per example with a label, in
 * the order of the labels file. All columns except the id are floats; in a multi-label task, lists
 * with one float per label.
 */
import type { DecodedArray } from 'hyparquet';
import { z } from 'zod';
import type { ObjectStore } from '../../store/store.ts';
import { namesOf, recordOf } from '../../table.ts';
import type { ColumnType } from './parquet-table.ts';
import {
  createResultWriter,
  floatsAt,
  openResult,
  type ResultFile,
  readGroups,
} from './result-file.ts';

const copiesKey = 'counterweight.testCopies';
const copiesSchema = z.array(z.string());

/** The columns of the file, by the names in the code. */
const columnNames = {
  teacherMargins: 'teacher_margin',
  studentMargins: 'student_margin',
  errorProbabilities: 'error_probability',
  distortions: 'distortion',
  weights: 'weight',
} as const;
const weightNames = namesOf(columnNames);

/** Weights of n examples; every array is [n, perExample] (`Decisions`). */
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

/** Weights of an example; every array is [perExample]. */
export interface WeightRow {
  readonly id: string;
  readonly teacherMargins: Float32Array;
  readonly studentMargins: Float32Array;
  readonly errorProbabilities: Float32Array;
  readonly distortions: Float32Array;
  readonly weights: Float32Array;
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

/**
 * @param key Key of the file in the results: see `createResultWriter`.
 * @param perExample Weights per example (`Decisions`).
 */
export function createWeightsWriter(key: string, perExample: number): WeightsWriter {
  const type: ColumnType = perExample === 1 ? 'float' : { floats: perExample };
  const columns = recordOf(Object.values(columnNames), () => type);
  const table = createResultWriter(key, { id: 'text', ...columns });
  return {
    append(batch) {
      const values = weightNames.map((name) => [columnNames[name], batch[name]] as const);
      table.append(batch.ids.length, { id: batch.ids, ...Object.fromEntries(values) });
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
  return { testCopies, rows: () => weightRows(file) };
}

/** Reads the rows of a file of weights. */
export async function* readWeights(store: ObjectStore, key: string): AsyncGenerator<WeightRow> {
  yield* (await openWeights(store, key)).rows();
}

async function* weightRows(file: ResultFile): AsyncGenerator<WeightRow> {
  const names = ['id', ...Object.values(columnNames)];
  for await (const { rows, column } of readGroups(file, names)) {
    const ids = column('id');
    const columns = recordOf(weightNames, (name) => column(columnNames[name]));
    for (let row = 0; row < rows; row++) {
      yield {
        id: String(ids[row]),
        ...recordOf(weightNames, (name) => weightsAt(columns[name], row)),
      };
    }
  }
}

/** Returns the numbers of a row, in a column of floats or of lists. */
function weightsAt(column: DecodedArray, row: number): Float32Array {
  const value: unknown = column[row];
  return typeof value === 'number' ? Float32Array.of(value) : floatsAt(column, row);
}
