/** Examples as the inputs of an exported model, to compare it with the student. */
import type { Content } from '../../data/example.ts';
import { swapRedAndBlue } from '../../data/features/image-pixels.ts';
import type { Features } from '../../data/features/index.ts';
import type { Decoded } from '../../data/features/kind.ts';
import {
  categorySpellings,
  createCategoryReader,
  rawNumber,
} from '../../data/features/row-cells.ts';
import type {
  CategoricalFeatures,
  ColumnFeatures,
  RowFeatures,
} from '../../data/features/row-features.ts';
import type { Cell } from '../../data/features/row-values.ts';
import type { InputTensor } from '../teachers/loaded-model.ts';

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
    // Numbers stay as other programs have them, also stand-ins for "missing".
    return { name, shape, values: Float64Array.from(cells, (cell) => rawNumber(cell, column)) };
  }
  return { name, shape, values: cells.map(categoryFeed(column, missing)) };
}

function cellOf({ content }: RawExample, name: string): Cell {
  return content.kind === 'row' ? (content.columns[name] ?? null) : null;
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
