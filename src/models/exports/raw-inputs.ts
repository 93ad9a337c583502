/** Inputs of an exported model: raw examples, with the steps that make a student's features. */

import type { ImageFeatures } from '../../data/features/image-features.ts';
import type { Features } from '../../data/features/index.ts';
import { categorySpellings } from '../../data/features/row-cells.ts';
import {
  type CategoricalFeatures,
  columnWidth,
  type NumericFeatures,
  type RowFeatures,
} from '../../data/features/row-features.ts';
import { missingNumbers } from '../../data/features/row-values.ts';
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
  const inputs: RawInput[] = [];
  const values = columns.map((column) => {
    const raw = list.input(column.name, []);
    const isNumber = column.kind === 'numeric';
    inputs.push({
      value: raw,
      type: isNumber ? 'float64' : 'string',
      description: isNumber ? 'a number; NaN if missing' : 'a text; empty if missing',
    });
    const step = isNumber ? numberStep(column, missing) : categoryStep(column, missing);
    return list.add(`${column.name}_features`, step, [raw], [columnWidth(column)]);
  });
  const width = values.reduce((sum, { shape }) => sum + shape[0]!, 0);
  return { inputs, features: list.add('features', { kind: 'concatenate' }, values, [width]) };
}

function numberStep(column: NumericFeatures, missing: readonly string[]) {
  const { mean, std, range } = column;
  const texts = [...missing, ...(column.missing ?? [])];
  return { kind: 'number', mean, std, ...missingNumbers(range, texts) } as const;
}

function categoryStep({ values }: CategoricalFeatures, missing: readonly string[]) {
  // A value, or a text that means "missing", cannot be the spelling of another value.
  const taken = new Set([...values, ...missing]);
  const spellings = values.map((value) =>
    categorySpellings(value).filter((text) => !taken.has(text) || text === value),
  );
  return { kind: 'category', spellings } as const;
}
