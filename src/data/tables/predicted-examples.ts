/**
 * Predictions of a student as files that common tools read: one row per example.
 *
 * - id: text.
 * - class: text. In a multi-label task, labels: a list of texts; in CSV with semicolons between
 *   them, or as a JSON list if a name has a semicolon.
 * - Probability per class. In CSV and Parquet, a column per class: its name with `p_` before it. In
 *   JSON Lines, the object `probabilities`.
 *
 * Texts in CSV are as in `spreadsheet-text.ts`.
 */
import { tableOf } from '../../table.ts';
import { labelOfNames, withSemicolons } from '../label-list.ts';
import { spreadsheetField } from '../spreadsheet-text.ts';
import { createTableWriter } from './parquet-table.ts';

/** Prediction of one example. */
export interface PredictedExample {
  readonly id: string;
  readonly class: string;
  readonly labels: readonly string[];
  /** [classes] */
  readonly probabilities: Float32Array;
}

/** Properties that all rows share. */
export interface PredictionColumns {
  /** Names of the classes, in the order of `probabilities`. */
  readonly classes: readonly string[];
  readonly isMultiLabel: boolean;
}

/** Writer of a file, whose bytes the caller takes piece by piece. */
export interface PredictionWriter {
  /** Adds rows; returns the next bytes of the file, which may be none. */
  append(rows: readonly PredictedExample[]): Uint8Array;
  /** Ends the file; returns its last bytes. */
  finish(): Uint8Array;
}

const csv = {
  name: 'csv',
  isText: true,
  create({ classes, isMultiLabel }: PredictionColumns): PredictionWriter {
    const names = ['id', isMultiLabel ? 'labels' : 'class', ...classes.map(columnOf)];
    const lineOf = (cells: readonly (string | number)[]) =>
      `${cells.map(spreadsheetField).join(',')}\n`;
    let text = lineOf(names);
    const take = () => {
      const bytes = Buffer.from(text);
      text = '';
      return bytes;
    };
    return {
      append(rows) {
        for (const row of rows) {
          const answer = isMultiLabel ? labelsText(row.labels) : row.class;
          text += lineOf([row.id, answer, ...Array.from(row.probabilities, shortened)]);
        }
        return take();
      },
      finish: take,
    };
  },
} as const;

function labelsText(labels: readonly string[]): string {
  return labels.length === 0 ? '' : withSemicolons(labelOfNames(labels));
}

const jsonl = {
  name: 'jsonl',
  isText: true,
  create(columns: PredictionColumns): PredictionWriter {
    const lineOf = ({ id, ...prediction }: PredictedExample) =>
      `${JSON.stringify({ id, ...answerOf(prediction, columns) })}\n`;
    return {
      append: (rows) => Buffer.from(rows.map(lineOf).join('')),
      finish: () => Buffer.alloc(0),
    };
  },
} as const;

/** Returns a prediction as the fields of a JSON object. */
export function answerOf(
  { class: name, labels, probabilities }: Omit<PredictedExample, 'id'>,
  { classes, isMultiLabel }: PredictionColumns,
): object {
  const entries = classes.map((each, index) => [each, shortened(probabilities[index]!)]);
  const answer = isMultiLabel ? { labels } : { class: name };
  return { ...answer, probabilities: Object.fromEntries(entries) };
}

const parquet = {
  name: 'parquet',
  isText: false,
  create({ classes, isMultiLabel }: PredictionColumns): PredictionWriter {
    const table = createTableWriter({
      id: 'text',
      ...(isMultiLabel ? { labels: 'texts' } : { class: 'text' }),
      ...Object.fromEntries(classes.map((name) => [columnOf(name), 'float' as const])),
    });
    return {
      append(rows) {
        const probabilities = classes.map((name, index) => [
          columnOf(name),
          Float32Array.from(rows, (row) => row.probabilities[index]!),
        ]);
        table.append(rows.length, {
          id: rows.map(({ id }) => id),
          ...(isMultiLabel
            ? { labels: rows.map(({ labels }) => labels) }
            : { class: rows.map((row) => row.class) }),
          ...Object.fromEntries(probabilities),
        });
        return table.take();
      },
      finish: () => table.finish(),
    };
  },
} as const;

/** Formats of predictions; a name is also the extension of the files. */
export const predictionFormats = tableOf(csv, jsonl, parquet);
export type PredictionFormat = keyof typeof predictionFormats;

/** Returns the column of a class. */
function columnOf(name: string): string {
  return `p_${name}`;
}

/** Rounds to the seven digits of a float32. */
function shortened(value: number): number {
  return Number(value.toPrecision(7));
}
