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
 */
import { tableOf } from '../../table.ts';
import { createTableWriter } from './parquet-table.ts';

/** A label of one example. */
export interface ExportedLabel {
  readonly id: string;
  /** Index of the class. */
  readonly prediction: number;
  /** Probability that the label is right; undefined if no label shows it. */
  readonly right: number | undefined;
  readonly margin: number;
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
}

/** Key of the metadata that has the names of the classes, as a JSON list. */
const classesKey = 'counterweight.classes';

const parquet = {
  name: 'parquet',
  create({ classes, hasRight }: ExportedColumns): ExportWriter {
    const table = createTableWriter({
      id: 'text',
      label: 'text',
      probability: 'float',
      ...(hasRight ? { pRight: 'float' as const } : {}),
      margin: 'float',
      probabilities: { floats: classes.length },
    });
    return {
      append(rows) {
        const probabilities = new Float32Array(rows.length * classes.length);
        for (const [row, { probabilities: own }] of rows.entries()) {
          probabilities.set(own, row * classes.length);
        }
        table.append(rows.length, {
          id: rows.map(({ id }) => id),
          label: rows.map(({ prediction }) => classes[prediction]!),
          probability: Float32Array.from(rows, (row) => row.probabilities[row.prediction]!),
          ...(hasRight && { pRight: Float32Array.from(rows, ({ right }) => right!) }),
          margin: Float32Array.from(rows, ({ margin }) => margin),
          probabilities,
        });
      },
      finish: () => table.finish({ [classesKey]: JSON.stringify(classes) }),
    };
  },
} as const;

const jsonl = {
  name: 'jsonl',
  create({ classes, hasRight }: ExportedColumns): ExportWriter {
    const parts: Buffer[] = [];
    return {
      append(rows) {
        const lines = rows.map(({ id, prediction, right, margin, probabilities }) => {
          const all = Array.from(probabilities, shortened);
          const line = {
            id,
            label: classes[prediction],
            probability: all[prediction],
            ...(hasRight && { pRight: shortened(right!) }),
            margin: shortened(margin),
            probabilities: all,
          };
          return `${JSON.stringify(line)}\n`;
        });
        parts.push(Buffer.from(lines.join('')));
      },
      finish: () => Buffer.concat(parts),
    };
  },
} as const;

/** Formats of exported labels; a name is also the extension of the files. */
export const exportFormats = tableOf(parquet, jsonl);
export type ExportFormat = keyof typeof exportFormats;

/** Rounds to the seven digits of a float32. */
function shortened(value: number): number {
  return Number(value.toPrecision(7));
}
