/** Examples as the inputs of an exported model, to compare it with the student. */
import type { Content } from '../../data/example.ts';
import { swapRedAndBlue } from '../../data/features/image-pixels.ts';
import type { Features } from '../../data/features/index.ts';
import type { Decoded } from '../../data/features/kind.ts';
import {
  categorySpellings,
  createCategoryReader,
  createNumberReader,
  rawNumber,
} from '../../data/features/row-cells.ts';
import type {
  CategoricalFeatures,
  ColumnFeatures,
  NumericFeatures,
  RowFeatures,
} from '../../data/features/row-features.ts';
import { type Cell, cellText } from '../../data/features/row-values.ts';
import type { InputTensor } from '../teachers/loaded-model.ts';
import { missingInColumn } from './raw-inputs.ts';

/** An example before its features are made. */
export interface RawExample {
  readonly content: Content;
  /** Pixels or a vector, before they are normalized. */
  readonly decoded: Decoded;
}

/**
 * Makes the inputs that `appendInputs` describes.
 * @throws RangeError for texts, which no exported model reads.
 */
export function rawFeeds(features: Features, examples: readonly RawExample[]): InputTensor[] {
  const n = examples.length;
  switch (features.kind) {
    case 'image': {
      const pixels = Buffer.concat(examples.map(({ decoded }) => Buffer.from(decoded)));
      const values = new Uint8Array(pixels);
      if (features.pixels?.channelOrder === 'BGR') swapRedAndBlue(values);
      const { height, width, channels } = features;
      return [{ name: 'image', shape: [n, height, width, channels], values }];
    }
    case 'vector': {
      const values = Float32Array.from(examples.flatMap(({ decoded }) => [...decoded]));
      return [{ name: 'vector', shape: [n, features.length], values }];
    }
    case 'row':
      return features.columns.map((column) => columnFeed(column, features, examples));
    case 'text':
      throw new RangeError('no exported model reads texts');
  }
}

function columnFeed(
  column: ColumnFeatures,
  { missing }: RowFeatures,
  examples: readonly RawExample[],
): InputTensor {
  const { name } = column;
  const cells = examples.map((example) => cellOf(example, name));
  const shape = [examples.length];
  if (column.kind === 'numeric') {
    return { name, shape, values: Float64Array.from(cells, numberFeed(column, missing)) };
  }
  return { name, shape, values: cells.map(categoryFeed(column, missing)) };
}

function cellOf({ content }: RawExample, name: string): Cell {
  return content.kind === 'row' ? (content.columns[name] ?? null) : null;
}

/** Reads a cell as far as other programs do: a number may still be a stand-in for "missing". */
function numberFeed(column: NumericFeatures, missing: readonly string[]): (cell: Cell) => number {
  const texts = new Set([...missing, ...(column.missing ?? [])]);
  const { values } = missingInColumn(column, missing);
  return (cell) => {
    const number = rawNumber(cell, column);
    const isMissing = typeof cell === 'string' && texts.has(cellText(cell));
    // A text such as '-1.0' means "missing", and the number -1 does not.
    return isMissing && !values.includes(number) ? Number.NaN : number;
  };
}

/** Returns a cell as it is, or its value in the spelling that the file knows. */
function categoryFeed(
  column: CategoricalFeatures,
  missing: readonly string[],
): (cell: Cell) => string {
  const read = createCategoryReader(column, missing);
  return (cell) => {
    const value = read(cell);
    const text = String(cell ?? '');
    return value === null || categorySpellings(value).includes(text) ? text : value;
  };
}

/**
 * Creates a function that returns whether an exported file can read an example as the student does.
 * It cannot if a number means "missing" in one spelling: '-1' and not '-1.0'.
 */
export function createComparable(features: Features): (example: RawExample) => boolean {
  if (features.kind !== 'row') return () => true;
  const checks = features.columns.flatMap((column) => {
    if (column.kind !== 'numeric') return [];
    const read = createNumberReader(column, features.missing);
    const { values } = missingInColumn(column, features.missing);
    return [
      (example: RawExample) => {
        const number = read(cellOf(example, column.name));
        return typeof number !== 'number' || !values.includes(number);
      },
    ];
  });
  return (example) => checks.every((check) => check(example));
}
