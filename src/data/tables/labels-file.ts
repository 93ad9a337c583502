/**
 * The teacher's labels of a shard, as a Parquet file that any tool opens: one row per example, in
 * the order of the shard. The key-value metadata has the examples that were left out, with reasons.
 *
 * Columns: id (text), prediction (int32: the most likely class), margin (float) and probabilities
 * (list of floats, one per class). Optional columns, if the teacher has them: embedding (list of
 * floats) and votes (list of floats: the most likely class per model). Labels of a
 * calibrated teacher also have rawProbabilities: the probabilities before calibration.
 *
 * In a multi-label task, probabilities has one number per label. The file has no predictions and
 * margins, because they follow from each number: p > 0.5 and |2p − 1|.
 */
import type { DecodedArray } from 'hyparquet';
import { z } from 'zod';
import { type Decisions, decisionRows, manyLabels } from '../../debias/decisions.ts';
import { margins, predictions } from '../../debias/margin.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { Rejected } from '../example.ts';
import { createResultWriter, floatsAt, openResult, readResult } from './result-file.ts';

/** Labels of n examples, row-major. */
export interface LabelBatch {
  readonly ids: readonly string[];
  /** [n, outputs] */
  readonly probabilities: Float32Array;
  /** [n, outputs]: before calibration; present exactly if the writer is of a calibrated teacher. */
  readonly rawProbabilities?: Float32Array | undefined;
  /** [n, embeddingSize]; present exactly if the writer has an embedding size. */
  readonly embeddings?: Float32Array | undefined;
  /** [n, voters]; present exactly if the writer has voters. */
  readonly votes?: Int32Array | undefined;
}

export interface LabelRow {
  readonly id: string;
  /** Most likely class of each decision, [perExample]. */
  readonly predictions: Int32Array;
  /** [perExample] */
  readonly margins: Float32Array;
  /** [outputs] */
  readonly probabilities: Float32Array;
  /** [embeddingSize] */
  readonly embedding: Float32Array | undefined;
  /** [voters], each a class. */
  readonly votes: Float32Array | undefined;
}

const summarySchema = z.strictObject({
  labeled: z.int().nonnegative(),
  quarantined: z.array(
    z.strictObject({ id: z.string(), reason: z.string(), lost: z.int().positive().optional() }),
  ),
});
/** Number of examples with a label, and the examples without. */
export type LabelsSummary = z.infer<typeof summarySchema>;

const summaryKey = 'counterweight.labels';

export interface LabelsWriter {
  append(batch: LabelBatch): void;
  /** Ends the file and returns its bytes; the same for the same rows. */
  finish(quarantined: readonly Rejected[]): Uint8Array;
}

/** Columns that not every teacher has, and the lengths of their lists. */
export interface OptionalColumns {
  readonly embeddingSize?: number | undefined;
  readonly voters?: number | undefined;
  readonly isCalibrated?: boolean | undefined;
}

/** @param key Key of the file in the results: see `createResultWriter`. */
export function createLabelsWriter(
  key: string,
  decisions: Decisions,
  { embeddingSize, voters, isCalibrated }: OptionalColumns = {},
): LabelsWriter {
  const { outputs, classes, isMultiLabel } = decisions;
  const table = createResultWriter(key, {
    id: 'text',
    ...(isMultiLabel ? {} : { prediction: 'int32', margin: 'float' }),
    probabilities: { floats: outputs },
    ...(isCalibrated ? { rawProbabilities: { floats: outputs } } : {}),
    ...(embeddingSize === undefined ? {} : { embedding: { floats: embeddingSize } }),
    ...(voters === undefined ? {} : { votes: { floats: voters } }),
  });
  let labeled = 0;
  return {
    append({ ids, probabilities, rawProbabilities, embeddings, votes }) {
      table.append(ids.length, {
        id: ids,
        ...(isMultiLabel
          ? {}
          : {
              prediction: predictions(probabilities, classes),
              margin: margins(probabilities, classes),
            }),
        probabilities,
        ...(rawProbabilities === undefined ? {} : { rawProbabilities }),
        ...(embeddings === undefined ? {} : { embedding: embeddings }),
        ...(votes === undefined ? {} : { votes }),
      });
      labeled += ids.length;
    },
    finish(quarantined) {
      const summary: LabelsSummary = {
        labeled,
        quarantined: quarantined.map(({ id, reason, lost }) => ({
          ...{ id, reason },
          ...(lost !== undefined && { lost }),
        })),
      };
      return table.finish({ [summaryKey]: JSON.stringify(summary) });
    },
  };
}

/** Reads the rows in the order of the shard, with one row group in memory at a time. */
export async function* readLabels(store: ObjectStore, key: string): AsyncGenerator<LabelRow> {
  for await (const rows of readLabelBatches(store, key)) yield* rows;
}

/** Reads the rows like `readLabels`, all rows of a row group together. */
export async function* readLabelBatches(
  store: ObjectStore,
  key: string,
): AsyncGenerator<LabelRow[]> {
  const optional = ['prediction', 'margin', 'embedding', 'votes'];
  for await (const { rows, column } of readResult(store, key, ['id', 'probabilities'], optional)) {
    const [ids, probabilities] = [column('id'), column('probabilities')];
    const [embeddings, votes] = [column('embedding'), column('votes')];
    const decided = decidedRows(column('prediction'), column('margin'));
    yield Array.from({ length: rows }, (_, row) => {
      const outputs = floatsAt(probabilities, row);
      return {
        id: String(ids[row]),
        ...decided(row, outputs),
        probabilities: outputs,
        embedding: embeddings.length === 0 ? undefined : floatsAt(embeddings, row),
        votes: votes.length === 0 ? undefined : floatsAt(votes, row),
      };
    });
  }
}

/**
 * Reads the answers before calibration, in the order of the shard, with one row group in memory at
 * a time.
 *
 * @throws UserError if the labels are not those of a calibrated teacher.
 */
export async function* readRawProbabilities(
  store: ObjectStore,
  key: string,
): AsyncGenerator<{ readonly id: string; readonly rawProbabilities: Float32Array }> {
  for await (const { rows, column } of readResult(store, key, ['id', 'rawProbabilities'])) {
    const [ids, raw] = [column('id'), column('rawProbabilities')];
    for (let row = 0; row < rows; row++) {
      yield { id: String(ids[row]), rawProbabilities: floatsAt(raw, row) };
    }
  }
}

/** Creates a function that returns the predictions and margins of a row of the file. */
function decidedRows(
  predicted: DecodedArray,
  margin: DecodedArray,
): (row: number, outputs: Float32Array) => Pick<LabelRow, 'predictions' | 'margins'> {
  if (margin.length > 0) {
    return (row) => ({
      predictions: Int32Array.of(Number(predicted[row])),
      margins: Float32Array.of(Number(margin[row])),
    });
  }
  return (_, outputs) => {
    const decisions = manyLabels(outputs.length);
    const rows = decisionRows(outputs, decisions);
    return {
      predictions: predictions(rows, decisions.classes),
      margins: margins(rows, decisions.classes),
    };
  };
}

/** Reads the summary; it is in the file's footer. */
export async function readLabelsSummary(store: ObjectStore, key: string): Promise<LabelsSummary> {
  const { keyValues } = await openResult(store, key);
  return summarySchema.parse(JSON.parse(keyValues.get(summaryKey) ?? 'null'));
}
