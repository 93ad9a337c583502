import type { Example, Rejected } from '../example.ts';
import { wrongKind } from './kind.ts';
import { createCategoryReader, createNumberReader } from './row-cells.ts';
import {
  type CategoricalFeatures,
  columnWidth,
  type NumericFeatures,
  type RowFeatures,
  rowLength,
} from './row-features.ts';
import type { Cell } from './row-values.ts';

/** Returns a function that encodes rows, or reports why a row cannot be used. */
export function rowEncoder(features: RowFeatures) {
  const { missing } = features;
  const length = rowLength(features);
  const writers = features.columns.map((column) => ({
    name: column.name,
    width: columnWidth(column),
    write:
      column.kind === 'numeric' ? numberWriter(column, missing) : categoryWriter(column, missing),
  }));
  return (example: Example): Float32Array | Rejected => {
    const { id, content } = example;
    if (content.kind !== 'row') return wrongKind(example, 'a row');
    const values = new Float32Array(length);
    let offset = 0;
    for (const { name, width, write } of writers) {
      const written = content.columns[name];
      const raw = written === undefined && content.isSparse ? null : written;
      if (raw === undefined) return { id, reason: `It has no column '${name}'.` };
      if (!write(raw, values, offset)) {
        return { id, reason: `Its column '${name}' is '${raw}'; expected a finite number.` };
      }
      offset += width;
    }
    return values;
  };
}

/** Writes a cell's value; returns false if it does not fit the column. */
type Writer = (raw: Cell, target: Float32Array, offset: number) => boolean;

function numberWriter(column: NumericFeatures, missing: readonly string[]): Writer {
  const { mean, std } = column;
  const read = createNumberReader(column, missing);
  return (raw, target, offset) => {
    const number = read(raw);
    if (number === undefined) return false;
    if (number === null) target[offset + 1] = 1;
    else target[offset] = (number - mean) / std;
    return Number.isFinite(target[offset]);
  };
}

function categoryWriter(column: CategoricalFeatures, missing: readonly string[]): Writer {
  const read = createCategoryReader(column, missing);
  const indexes = new Map(column.values.map((value, index) => [value, index]));
  return (raw, target, offset) => {
    const value = read(raw);
    const index = value === null ? undefined : indexes.get(value);
    target[offset + (index ?? indexes.size)] = 1;
    return true;
  };
}
