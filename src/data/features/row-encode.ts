import type { Example, Rejected } from '../example.ts';
import { wrongKind } from './kind.ts';
import {
  type CategoricalFeatures,
  columnWidth,
  type NumericFeatures,
  type RowFeatures,
  rowLength,
} from './row-features.ts';
import {
  type Cell,
  categoryText,
  cellText,
  isFiniteSquare,
  isMissingSpelling,
  isSentinel,
  parseNumber,
} from './row-values.ts';

/** Returns a function that encodes rows, or reports why a row cannot be used. */
export function rowEncoder(features: RowFeatures) {
  const missing = new Set(['', ...features.missing]);
  const length = rowLength(features);
  const writers = features.columns.map((column) => ({
    name: column.name,
    width: columnWidth(column),
    write: column.kind === 'numeric' ? numberWriter(column) : categoryWriter(column),
  }));
  return (example: Example): Float32Array | Rejected => {
    const { id, content } = example;
    if (content.kind !== 'row') return wrongKind(example, 'a row');
    const values = new Float32Array(length);
    let offset = 0;
    for (const { name, width, write } of writers) {
      const raw = content.columns[name];
      if (raw === undefined) return { id, reason: `It has no column '${name}'.` };
      const value = typeof raw === 'string' ? cellText(raw) : raw;
      const known = value !== null && missing.has(String(value)) ? null : value;
      if (!write(known, values, offset)) {
        return { id, reason: `Its column '${name}' is '${raw}'; expected a finite number.` };
      }
      offset += width;
    }
    return values;
  };
}

/** Writes a column's value; returns false if the value does not fit. */
type Writer = (value: Cell, target: Float32Array, offset: number) => boolean;

function numberWriter(column: NumericFeatures): Writer {
  const { mean, std, range, notation = 'point' } = column;
  const others = new Set(column.missing);
  const read = (text: string): number | null | undefined =>
    others.has(text) || isMissingSpelling(text) ? null : parseNumber(text, notation);
  return (value, target, offset) => {
    const number = typeof value === 'string' ? read(value) : value;
    if (number === undefined) return false;
    if (number === null || !isFiniteSquare(number) || (range && isSentinel(number, range))) {
      target[offset + 1] = 1;
    } else {
      target[offset] = (number - mean) / std;
    }
    return Number.isFinite(target[offset]);
  };
}

function categoryWriter({ values }: CategoricalFeatures): Writer {
  const indexes = new Map(values.map((value, index) => [value, index]));
  return (value, target, offset) => {
    // Students of earlier versions distinguish values such as '007' from '7', or know 'None'.
    const index =
      value === null ? undefined : (indexes.get(String(value)) ?? indexes.get(categoryText(value)));
    target[offset + (index ?? indexes.size)] = 1;
    return true;
  };
}
