import type { Example, Rejected } from '../example.ts';
import { wrongKind } from './kind.ts';
import { type ColumnFeatures, columnWidth, type RowFeatures, rowLength } from './row-features.ts';

/** Returns a function that encodes rows, or reports why a row cannot be used. */
export function rowEncoder(features: RowFeatures) {
  const missing = new Set(['', ...features.missing]);
  const length = rowLength(features);
  const writers = features.columns.map((column) => ({
    name: column.name,
    width: columnWidth(column),
    write: columnWriter(column),
  }));
  return (example: Example): Float32Array | Rejected => {
    const { id, content } = example;
    if (content.kind !== 'row') return wrongKind(example, 'a row');
    const values = new Float32Array(length);
    let offset = 0;
    for (const { name, width, write } of writers) {
      const raw = content.columns[name] ?? null;
      const value = typeof raw === 'string' ? raw.trim() : raw;
      const known = typeof value === 'string' && missing.has(value) ? null : value;
      if (!write(known, values, offset)) {
        return { id, reason: `Its column '${name}' is '${raw}'; expected a finite number.` };
      }
      offset += width;
    }
    return values;
  };
}

/** Returns a function that writes a column's value; it returns false if the value does not fit. */
function columnWriter(column: ColumnFeatures) {
  type Value = string | number | null;
  if (column.kind === 'numeric') {
    const { mean, std } = column;
    return (value: Value, target: Float32Array, offset: number): boolean => {
      if (value === null) target[offset + 1] = 1;
      else target[offset] = (Number(value) - mean) / std;
      return Number.isFinite(target[offset]);
    };
  }
  const indexes = new Map(column.values.map((value, index) => [value, index]));
  return (value: Value, target: Float32Array, offset: number): boolean => {
    const index = value === null ? undefined : indexes.get(String(value));
    target[offset + (index ?? indexes.size)] = 1;
    return true;
  };
}
