/**
 * Predictions of all models of a run on the examples that measure them, as a Parquet file: one row
 * per example, in the order of the evaluation.
 *
 * - id: text.
 * - label: text, the true class.
 * - `<model>`: text, the class that the model predicts.
 * - `<model>_probability`: float, the probability of that class.
 *
 * In a multi-label task, `label` and `<model>` are lists of texts, and there are no probabilities.
 */
import { type Decisions, decidedClasses, decisionRows } from '../../debias/decisions.ts';
import { predictions } from '../../debias/margin.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { ColumnBatch, ColumnType } from './parquet-table.ts';
import { createResultWriter, readResult } from './result-file.ts';

/** Rows that are collected before they go into the table. */
const batchRows = 1024;

/** Maximum number of rows, because the file is made in memory. Further rows are left out. */
const maxPredictions = 1_000_000;

/** Writer of the predictions of several models. */
export interface PredictionsWriter {
  /**
   * @param decided True class of each decision, [perExample].
   * @param outputs of each model, [outputs], in the order of the models.
   */
  add(id: string, decided: ArrayLike<number>, outputs: readonly Float32Array[]): void;
  /** Ends the file and returns its bytes; the same for the same rows. */
  finish(): Uint8Array;
}

/**
 * @param key Key of the file in the results: see `createResultWriter`.
 * @param classes Names of the classes, in the order of the outputs.
 */
export function createPredictionsWriter(
  key: string,
  models: readonly string[],
  classes: readonly string[],
  decisions: Decisions,
): PredictionsWriter {
  const { isMultiLabel } = decisions;
  const type: ColumnType = isMultiLabel ? 'texts' : 'text';
  const columns = models.flatMap((name): [string, ColumnType][] =>
    isMultiLabel
      ? [[name, type]]
      : [
          [name, type],
          [probabilityOf(name), 'float'],
        ],
  );
  const table = createResultWriter(key, {
    id: 'text',
    label: type,
    ...Object.fromEntries(columns),
  });
  const namesOf = (decided: ArrayLike<number>) =>
    decidedClasses(decided, decisions).map((index) => classes[index]!);
  /** Makes a column of the names of the classes that are decided on. */
  const cells = (rows: readonly ArrayLike<number>[]): ColumnBatch =>
    isMultiLabel ? rows.map(namesOf) : rows.map((decided) => namesOf(decided)[0]!);
  let pending: PendingRow[] = [];
  let rows = 0;
  const flush = () => {
    const batch: Record<string, ColumnBatch> = {
      id: pending.map(({ id }) => id),
      label: cells(pending.map(({ decided }) => decided)),
    };
    models.forEach((name, model) => {
      const answers = pending.map(({ predicted }) => predicted[model]!);
      batch[name] = cells(answers.map((answer) => answer.decided));
      if (isMultiLabel) return;
      batch[probabilityOf(name)] = Float32Array.from(answers, ({ probability }) => probability);
    });
    table.append(pending.length, batch);
    pending = [];
  };
  return {
    add(id, decided, outputs) {
      if (rows++ >= maxPredictions) return;
      const predicted = outputs.map((output) => answerOf(output, decisions));
      pending.push({ id, decided: Int32Array.from(decided), predicted });
      if (pending.length === batchRows) flush();
    },
    finish() {
      if (pending.length > 0) flush();
      return table.finish();
    },
  };
}

/** Name of the column with the probabilities of a model. */
function probabilityOf(model: string): string {
  return `${model}_probability`;
}

interface PendingRow {
  readonly id: string;
  readonly decided: Int32Array;
  /** One per model. */
  readonly predicted: readonly Predicted[];
}

interface Predicted {
  /** [perExample] */
  readonly decided: Int32Array;
  /** Probability of the class, if an example has one class. */
  readonly probability: number;
}

function answerOf(outputs: Float32Array, decisions: Decisions): Predicted {
  const decided = predictions(decisionRows(outputs, decisions), decisions.classes);
  return { decided, probability: outputs[decided[0]!]! };
}

/** The prediction of one model on an example, with the truth: a class each, or any labels. */
export interface PredictionRow {
  readonly id: string;
  readonly truth: readonly string[];
  readonly predicted: readonly string[];
}

/** Reads the predictions of one model, with one row group in memory at a time. */
export async function* readPredictions(
  store: ObjectStore,
  key: string,
  model: string,
): AsyncGenerator<PredictionRow> {
  for await (const { rows, column } of readResult(store, key, ['id', 'label', model])) {
    const [ids, labels, predicted] = [column('id'), column('label'), column(model)];
    for (let row = 0; row < rows; row++) {
      yield { id: String(ids[row]), truth: texts(labels[row]), predicted: texts(predicted[row]) };
    }
  }
}

/** Returns the texts of a cell: of one text, or of a list. */
function texts(cell: unknown): string[] {
  return Array.isArray(cell) ? cell.map(String) : [String(cell)];
}
