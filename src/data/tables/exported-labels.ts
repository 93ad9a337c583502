/**
 * Labels for another trainer, as files that common tools read: one row per example, in the order of
 * the shard.
 *
 * - id: text.
 * - label: text, the class.
 * - probability: of the class.
 * - pRight: probability that the label is right, if it is known.
 * - margin: largest probability minus the second largest.
 * - probabilities: list of floats, one per class, in the order of the config.
 *
 * In a multi-label task:
 *
 * - id: text.
 * - labels: list of texts; it may be empty.
 * - pRight: list of floats, if it is known: the probability that the decision about each class is
 *   right.
 * - probabilities: list of floats, the probability of each class.
 */
import { type Decisions, decidedClasses } from '../../debias/decisions.ts';
import { tableOf } from '../../table.ts';
import { createTableWriter } from './parquet-table.ts';

/** A label of one example. */
export interface ExportedLabel {
  readonly id: string;
  /** Class of each decision, [perExample]. */
  readonly predictions: Int32Array;
  /** Probability that each decision is right, [perExample]; undefined if no label shows it. */
  readonly right: Float32Array | undefined;
  /** [perExample] */
  readonly margins: Float32Array;
  /** [classes] */
  readonly probabilities: Float32Array;
}

/** Writer of the labels of one shard. */
export interface ExportWriter {
  append(rows: readonly ExportedLabel[]): void;
  /** Ends the file and returns its bytes; the same for the same rows. */
  finish(): Uint8Array;
}

/** Properties that all rows share. */
export interface ExportedColumns {
  /** Names of the classes, in the order of `probabilities`. */
  readonly classes: readonly string[];
  /** Whether the rows have `right`. */
  readonly hasRight: boolean;
  readonly decisions: Decisions;
}

/** Key of the metadata that has the names of the classes, as a JSON list. */
const classesKey = 'counterweight.classes';

const parquet = {
  name: 'parquet',
  create(columns: ExportedColumns): ExportWriter {
    const { classes, hasRight, decisions } = columns;
    const { isMultiLabel, perExample } = decisions;
    const table = createTableWriter({
      id: 'text',
      ...(isMultiLabel
        ? { labels: 'texts', ...(hasRight ? { pRight: { floats: perExample } } : {}) }
        : {
            label: 'text',
            probability: 'float',
            ...(hasRight ? { pRight: 'float' } : {}),
            margin: 'float',
          }),
      probabilities: { floats: classes.length },
    });
    return {
      append(rows) {
        table.append(rows.length, {
          id: rows.map(({ id }) => id),
          ...(isMultiLabel
            ? { labels: rows.map((row) => namesOf(row, columns)) }
            : {
                label: rows.map(({ predictions }) => classes[predictions[0]!]!),
                probability: Float32Array.from(
                  rows,
                  (row) => row.probabilities[row.predictions[0]!]!,
                ),
                margin: Float32Array.from(rows, ({ margins }) => margins[0]!),
              }),
          ...(hasRight && { pRight: joined(rows, perExample, ({ right }) => right!) }),
          probabilities: joined(rows, classes.length, (row) => row.probabilities),
        });
      },
      finish: () => table.finish({ [classesKey]: JSON.stringify(classes) }),
    };
  },
} as const;

/** Joins a list of each row, row-major. @param size Numbers per list. */
function joined(
  rows: readonly ExportedLabel[],
  size: number,
  listOf: (row: ExportedLabel) => Float32Array,
): Float32Array {
  const all = new Float32Array(rows.length * size);
  for (const [index, row] of rows.entries()) all.set(listOf(row), index * size);
  return all;
}

/** Returns the names of the predicted labels. */
function namesOf({ predictions }: ExportedLabel, { classes, decisions }: ExportedColumns) {
  return decidedClasses(predictions, decisions).map((index) => classes[index]!);
}

const jsonl = {
  name: 'jsonl',
  create(columns: ExportedColumns): ExportWriter {
    const parts: Buffer[] = [];
    const lineOf = columns.decisions.isMultiLabel ? lineOfLabels : lineOfClass;
    return {
      append(rows) {
        const lines = rows.map((row) => `${JSON.stringify(lineOf(row, columns))}\n`);
        parts.push(Buffer.from(lines.join('')));
      },
      finish: () => Buffer.concat(parts),
    };
  },
} as const;

function lineOfClass(row: ExportedLabel, { classes, hasRight }: ExportedColumns) {
  const all = Array.from(row.probabilities, shortened);
  const prediction = row.predictions[0]!;
  return {
    id: row.id,
    label: classes[prediction],
    probability: all[prediction],
    ...(hasRight && { pRight: shortened(row.right![0]!) }),
    margin: shortened(row.margins[0]!),
    probabilities: all,
  };
}

function lineOfLabels(row: ExportedLabel, columns: ExportedColumns) {
  return {
    id: row.id,
    labels: namesOf(row, columns),
    ...(columns.hasRight && { pRight: Array.from(row.right!, shortened) }),
    probabilities: Array.from(row.probabilities, shortened),
  };
}

/** Formats of exported labels; a name is also the extension of the files. */
export const exportFormats = tableOf(parquet, jsonl);
export type ExportFormat = keyof typeof exportFormats;

/** Rounds to the seven digits of a float32. */
function shortened(value: number): number {
  return Number(value.toPrecision(7));
}
