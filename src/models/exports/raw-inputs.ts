/** Inputs of an exported model: raw examples, with the steps that make a student's features. */

import type { ImageFeatures } from '../../data/features/image-features.ts';
import type { Features } from '../../data/features/index.ts';
import { categorySpellings, createMissingTest } from '../../data/features/row-cells.ts';
import {
  type CategoricalFeatures,
  columnWidth,
  type NumericFeatures,
  type RowFeatures,
} from '../../data/features/row-features.ts';
import { missingNumbers, numbersIn } from '../../data/features/row-values.ts';
import { NotExportable, type OperationList, type RawInput, type Value } from './operations.ts';

/** The inputs, and the value that the network reads. */
export interface RawInputs {
  readonly inputs: readonly RawInput[];
  readonly features: Value;
}

/**
 * Appends the steps from raw examples to features.
 * @throws NotExportable for features that a graph cannot compute, or clashing names.
 */
export function appendInputs(list: OperationList, features: Features): RawInputs {
  switch (features.kind) {
    case 'image':
      return imageInput(list, features);
    case 'row':
      return rowInputs(list, features);
    case 'vector': {
      if (features.encoder !== undefined) throw new NotExportable('it reads embeddings');
      const value = list.input('vector', [features.length]);
      const description = `${features.length} numbers`;
      return { inputs: [{ value, type: 'float32', description }], features: value };
    }
    case 'text':
      throw new NotExportable('it reads texts');
  }
}

function imageInput(list: OperationList, features: ImageFeatures): RawInputs {
  const { height, width, channels, mean, std, pixels } = features;
  const raw = list.input('image', [height, width, channels]);
  const reversesChannels = pixels?.channelOrder === 'BGR';
  const floats = list.add('pixels', { kind: 'pixels', reversesChannels }, [raw]);
  const normalize = {
    kind: 'normalize',
    mean: Float32Array.from(mean, (value) => 255 * value),
    factor: Float32Array.from(std, (value) => 1 / (255 * value)),
    offset: new Float32Array(channels),
  } as const;
  return {
    inputs: [{ value: raw, type: 'uint8', description: imageText(features) }],
    features: list.add('normalized', normalize, [floats]),
  };
}

/** Describes the pixels to give. A graph does not decode or resize as the student does. */
function imageText({ height, width, channels, pixels }: ImageFeatures): string {
  const color = channels === 1 ? 'grey' : 'RGB';
  const resized =
    pixels === undefined
      ? "stretched to this size by libvips' Lanczos filter"
      : `resized as in features.pixels of student.json (${pixels.fit}, ${pixels.filter})`;
  return `${color} pixels from 0 to 255, ${height} high and ${width} wide, upright, ${resized}`;
}

function rowInputs(list: OperationList, { columns, missing }: RowFeatures): RawInputs {
  const inputs = columns.map(({ kind, name }): RawInput => {
    if (name === '') throw new NotExportable('it has a column without a name');
    const value = list.input(name, []);
    return kind === 'numeric'
      ? { value, type: 'float64', description: 'a number; NaN if missing' }
      : { value, type: 'string', description: 'a text; empty if missing' };
  });
  const values = columns.map((column, index) => {
    const step =
      column.kind === 'numeric' ? numberStep(column, missing) : categoryStep(column, missing);
    const { value } = inputs[index]!;
    return list.add(`${column.name}_features`, step, [value], [columnWidth(column)]);
  });
  const width = values.reduce((sum, { shape }) => sum + shape[0]!, 0);
  return { inputs, features: list.add('features', { kind: 'concatenate' }, values, [width]) };
}

function numberStep(column: NumericFeatures, missing: readonly string[]) {
  const { mean, std, range, notation = 'point' } = column;
  const named = numbersIn(missing, notation);
  return { kind: 'number', mean, std, ...missingNumbers(range, named) } as const;
}

function categoryStep({ values }: CategoricalFeatures, missing: readonly string[]) {
  const known = new Set(values);
  const isMissing = createMissingTest(missing);
  const spellings = values.map((value) =>
    categorySpellings(value).filter((spelling) => {
      // Some spellings mean "missing", or are other values.
      const text = spelling.trim();
      return !isMissing(text) && (text === value || !known.has(text));
    }),
  );
  return { kind: 'category', spellings } as const;
}
