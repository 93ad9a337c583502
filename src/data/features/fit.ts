/**
 * Fits `Features` on the labeled set in one pass: the mean and standard deviation of every channel
 * or numeric column, and the values of every categorical column. Memory does not grow with the
 * number of examples.
 */

import { UserError } from '../../errors.ts';
import { readAhead } from '../ahead.ts';
import { type ColumnsConfig, idColumn, labelColumn } from '../columns.ts';
import { type Example, isRejected, type Rejected } from '../example.ts';
import type { Task } from '../task.ts';
import { createEncoder, isDecoded } from './encode.ts';
import type { Features } from './features.ts';

type RowTask = Task & { type: 'tabular-classification' };
type ColumnFeatures = (Features & { kind: 'row' })['columns'][number];

/** A categorical column has places for this many values; rarer ones are "unseen". */
const maxCategories = 1_000;

/** Distinct values counted in a column; the ones that come first count when there are more. */
const maxCounted = 100_000;

/** Images decoded at the same time. */
const parallelDecodes = 16;

/**
 * @param examples the labeled set; rejected examples, and images that cannot be decoded, are left
 *   out.
 * @throws UserError when there is no usable example, a column that the task names is not there, or
 *   no column is left.
 */
export async function fitFeatures(
  task: Task,
  data: ColumnsConfig['data'],
  examples: AsyncIterable<Example | Rejected>,
): Promise<Features> {
  switch (task.type) {
    case 'image-classification':
      return fitImages(task, examples);
    case 'tabular-classification':
      return fitRows(task, data, examples);
    case 'vector-classification': {
      const features: Features = { kind: 'vector', length: task.length };
      await checkVectors(features, examples);
      return features;
    }
  }
}

async function fitImages(
  { size: [height, width], channels }: Task & { type: 'image-classification' },
  examples: AsyncIterable<Example | Rejected>,
): Promise<Features> {
  // Sums of integers, so exact up to 10^11 pixels, whatever the order.
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  let pixels = 0;
  const zeros = Array.from(sums);
  const ones = zeros.map(() => 1);
  const shape = { kind: 'image' as const, height, width, channels };
  const encoder = createEncoder({ ...shape, mean: zeros, std: ones });
  let reason: string | undefined;
  const decode = async (item: Example | Rejected) =>
    isRejected(item) ? item : encoder.decode(item);
  for await (const decoded of readAhead(examples, parallelDecodes, decode)) {
    if (!isDecoded(decoded)) {
      reason ??= `'${decoded.id}': ${decoded.reason}`;
      continue;
    }
    for (let index = 0; index < decoded.length; index++) {
      const value = decoded[index]!;
      sums[index % channels]! += value;
      squares[index % channels]! += value * value;
    }
    pixels += height * width;
  }
  if (pixels === 0) throw nothingUsable(reason);
  const mean = Array.from(sums, (sum) => sum / pixels / 255);
  const std = Array.from(squares, (square, channel) => {
    const variance = square / pixels / 255 ** 2 - mean[channel]! ** 2;
    return variance > 1e-12 ? Math.sqrt(variance) : 1;
  });
  return { ...shape, mean, std };
}

async function checkVectors(
  features: Features,
  examples: AsyncIterable<Example | Rejected>,
): Promise<void> {
  const encoder = createEncoder(features);
  let reason: string | undefined;
  let usable = 0;
  // To the end, for whoever gives the examples checks them on the way.
  for await (const item of examples) {
    const decoded = isRejected(item) ? item : await encoder.decode(item);
    if (isDecoded(decoded)) usable++;
    else reason ??= `'${decoded.id}': ${decoded.reason}`;
  }
  if (usable === 0) throw nothingUsable(reason);
}

/** What is known of a column after some rows. */
interface ColumnStatistics {
  /** Numbers seen, their mean, and the sum of squared distances from it (Welford 1962). */
  count: number;
  mean: number;
  squares: number;
  /** Whether some value was no finite number. */
  texts: boolean;
  readonly values: Map<string, number>;
}

async function fitRows(
  task: RowTask,
  data: ColumnsConfig['data'],
  examples: AsyncIterable<Example | Rejected>,
): Promise<Features> {
  const missing = new Set(['', ...data.missing]);
  const columns = new Map<string, ColumnStatistics>();
  let reason: string | undefined;
  for await (const item of examples) {
    if (isRejected(item) || item.content.kind !== 'row') {
      reason ??= isRejected(item) ? `'${item.id}': ${item.reason}` : undefined;
      continue;
    }
    for (const [name, raw] of Object.entries(item.content.columns)) {
      const column = columns.get(name) ?? emptyStatistics();
      columns.set(name, column);
      const value = typeof raw === 'string' ? raw.trim() : raw;
      if (value !== null && !missing.has(String(value))) addValue(column, value);
    }
  }
  if (columns.size === 0) throw nothingUsable(reason);
  const features = chooseColumns(task, data, columns);
  if (features.length === 0) {
    throw new UserError(
      `The labeled set has no column to learn from. Its columns: ${[...columns.keys()].join(', ')}.`,
      'Add feature columns, or name them in task.numeric and task.categorical.',
    );
  }
  return { kind: 'row', columns: features, missing: [...data.missing] };
}

function emptyStatistics(): ColumnStatistics {
  return { count: 0, mean: 0, squares: 0, texts: false, values: new Map() };
}

function addValue(column: ColumnStatistics, value: string | number): void {
  const text = String(value);
  const seen = column.values.get(text);
  if (seen !== undefined || column.values.size < maxCounted) {
    column.values.set(text, (seen ?? 0) + 1);
  }
  const number = Number(value);
  if (!Number.isFinite(number)) {
    column.texts = true;
    return;
  }
  column.count++;
  const distance = number - column.mean;
  column.mean += distance / column.count;
  column.squares += distance * (number - column.mean);
}

/**
 * The columns in the order of the data. What the task names is as it says. Of the others, and only
 * for a kind that the task does not name itself: a column is numeric when all its values are finite
 * numbers, else categorical. Id, target and empty columns are no features.
 */
function chooseColumns(
  task: RowTask,
  data: ColumnsConfig['data'],
  columns: ReadonlyMap<string, ColumnStatistics>,
): ColumnFeatures[] {
  const names = [...columns.keys()];
  const absent = [...(task.numeric ?? []), ...(task.categorical ?? [])].find(
    (name) => !columns.has(name),
  );
  if (absent !== undefined) {
    throw new UserError(
      `The labeled set has no column '${absent}'. Its columns: ${names.join(', ')}.`,
      'Correct task.numeric or task.categorical in distill.yaml.',
    );
  }
  const reserved = new Set([task.target, labelColumn(task, data), idColumn(names, data)]);
  return [...columns].flatMap(([name, column]): ColumnFeatures[] => {
    if (task.numeric?.includes(name)) return [numeric(name, column)];
    if (task.categorical?.includes(name)) return [categorical(name, column)];
    if (reserved.has(name) || column.values.size === 0) return [];
    if (column.texts) return task.categorical === undefined ? [categorical(name, column)] : [];
    return task.numeric === undefined ? [numeric(name, column)] : [];
  });
}

function numeric(name: string, { count, mean, squares }: ColumnStatistics): ColumnFeatures {
  const std = Math.sqrt(squares / Math.max(count, 1));
  return { kind: 'numeric', name, mean, std: std > 0 ? std : 1 };
}

/** Values by falling frequency; equally frequent ones in the order of their UTF-16 codes. */
function categorical(name: string, { values }: ColumnStatistics): ColumnFeatures {
  const sorted = [...values].sort(
    ([first, firstCount], [second, secondCount]) =>
      secondCount - firstCount || (first < second ? -1 : 1),
  );
  return {
    kind: 'categorical',
    name,
    values: sorted.slice(0, maxCategories).map(([value]) => value),
  };
}

function nothingUsable(reason: string | undefined): UserError {
  return new UserError(
    `The labeled set has no example that can be used.${reason === undefined ? '' : ` The first: ${reason}`}`,
    'Put examples of the kind that task.type says into labeled/.',
  );
}
