import { clamp, sum } from '../../arrays.ts';
import type { Decisions } from '../../debias/decisions.ts';
import { UserError } from '../../errors.ts';
import { namesOf, tableOf } from '../../table.ts';

/** Largest distance of an entry from [0, 1]. */
const entryTolerance = 1e-3;
/** Largest distance of a row's sum from 1. Rows rounded to 2 decimals are off by up to 0.03. */
const sumTolerance = 0.05;
/** Below this many numbers, logits may all lie in [0, 1] by chance. */
const fewNumbers = 24;

/** Meaning of the numbers that a teacher gives per class. */
interface OutputKind<Name extends string> {
  readonly name: Name;
  /** Noun for errors. */
  readonly noun: string;
  /** Valid rows, for errors: "4 of its first 9 rows ...". */
  readonly violation: string;
  /** Returns whether a row of finite numbers can be of this kind. */
  accepts(row: Float32Array): boolean;
  /** Converts a row that is accepted to probabilities. They are NaN if it has no answer. */
  convert(row: Float32Array): Float64Array;
  /** Returns the row of two classes if the model only gives this number for the second one. */
  ofBinary?(value: number): [number, number];
}

/** The values of `teacher.output`. A kind that accepts fewer rows comes first. */
export const outputKinds = tableOf(
  {
    name: 'probabilities',
    noun: 'probabilities',
    violation: 'are outside [0, 1] or do not sum to 1 (within 5 %)',
    accepts: (row) => isWithinUnit(row) && Math.abs(sum(row) - 1) <= sumTolerance,
    convert: normalized,
  } satisfies OutputKind<'probabilities'>,
  {
    name: 'sigmoid',
    noun: 'sigmoid outputs',
    violation: 'are outside [0, 1]',
    accepts: isWithinUnit,
    convert: normalized,
    ofBinary: (value) => [1 - value, value],
  } satisfies OutputKind<'sigmoid'>,
  {
    name: 'logits',
    noun: 'logits',
    violation: 'are not finite',
    accepts: () => true,
    convert: softmax,
    ofBinary: (value) => [0, value],
  } satisfies OutputKind<'logits'>,
);
export type OutputName = keyof typeof outputKinds;

/** The names of `outputKinds`. */
export const outputNames = namesOf(outputKinds);

// Rows of the table differ in which optional fields they have.
const kinds: { readonly [Name in OutputName]: OutputKind<Name> } = outputKinds;

/** The same kinds in a multi-label task: a number per label, whatever their sum. */
const labelKinds: { readonly [Name in OutputName]: OutputKind<Name> } = {
  probabilities: {
    ...kinds.sigmoid,
    name: 'probabilities',
    noun: 'probabilities',
    convert: inUnit,
  },
  sigmoid: { ...kinds.sigmoid, convert: inUnit },
  logits: { ...kinds.logits, convert: (row) => Float64Array.from(row, sigmoid) },
};

/**
 * Creates a function that converts a teacher's outputs, [n, outputs], to probabilities. With one
 * class per example, rows sum to 1: logits go through a softmax, and other rows are divided by
 * their sum. In a multi-label task, logits go through a sigmoid, and other numbers are
 * probabilities already. A row becomes NaN if it has NaN or infinite entries, or is not of the kind
 * that the config states.
 *
 * On the first batch with an answer, the function also checks the config's field `output`. It
 * throws if most rows are not of that kind, or if all logits seem to be of another kind.
 *
 * @param name Name of the teacher in errors.
 */
export function distributionReader(
  output: OutputName,
  { outputs, isMultiLabel }: Decisions,
  name: string,
): (values: Float32Array) => Float32Array {
  const kind = isMultiLabel ? labelKinds[output] : kinds[output];
  let checked = false;
  return (values) => {
    const rows = Array.from({ length: values.length / outputs }, (_, row) =>
      values.subarray(row * outputs, (row + 1) * outputs),
    );
    if (!checked) checked = checkOutput(rows.filter(allFinite), kind, name, isMultiLabel);
    const probabilities = new Float32Array(values.length);
    rows.forEach((row, index) => {
      const answer = allFinite(row) && kind.accepts(row) ? kind.convert(row) : noAnswer(outputs);
      probabilities.set(answer, index * outputs);
    });
    return probabilities;
  };
}

/**
 * Creates a function that makes rows of two classes, [n, 2], from the one number per example of a
 * binary classifier. Returns undefined if the kind does not say which class the number is for.
 */
export function binaryRows(
  output: OutputName,
): ((values: Float32Array) => Float32Array) | undefined {
  const { ofBinary } = kinds[output];
  if (ofBinary === undefined) return undefined;
  return (values) => {
    const rows = new Float32Array(2 * values.length);
    values.forEach((value, index) => {
      rows.set(ofBinary(value), 2 * index);
    });
    return rows;
  };
}

/** Checks the rows; returns whether there were any. */
function checkOutput(
  rows: readonly Float32Array[],
  kind: OutputKind<OutputName>,
  name: string,
  isMultiLabel: boolean,
): boolean {
  if (rows.length === 0) return false;
  const wrong = rows.filter((row) => !kind.accepts(row));
  if (2 * wrong.length > rows.length) {
    throw new UserError(
      `${name} does not give ${kind.noun}: ${wrong.length} of its first ${rows.length} rows ${kind.violation}, such as ${rowText(wrong[0]!)}`,
      appearance(rows, isMultiLabel).hint,
    );
  }
  if (isMultiLabel && kind.name !== 'logits' && isSoftmax(rows)) {
    throw new UserError(
      `${name} does not give a probability per label: each of its first ${rows.length} rows sums to 1, such as ${rowText(rows[0]!)}`,
      'These look like the probabilities of one class per example (softmax): use a teacher that was trained for several labels, or leave out task.multiLabel.',
    );
  }
  const { isLogits, hint } = appearance(rows, isMultiLabel);
  if (kind.name === 'logits' && !isLogits) {
    throw new UserError(
      `${name} does not give logits, judging by all of its first ${rows.length} rows, such as ${rowText(rows[0]!)}`,
      hint,
    );
  }
  return true;
}

/** Guesses the kind of some rows, with a hint. Few numbers may lie in [0, 1] by chance. */
function appearance(
  rows: readonly Float32Array[],
  isMultiLabel: boolean,
): { isLogits: boolean; hint: string } {
  const { probabilities, sigmoid } = kinds;
  const isFew = rows.length * rows[0]!.length < fewNumbers;
  if (rows.every(isPercentages)) {
    const hint = 'These look like percentages: divide them by 100 in the model or in the files.';
    return { isLogits: false, hint };
  }
  if (isMultiLabel && rows.every(isWithinUnit)) {
    const hint = 'These look like a probability per label: set teacher.output: probabilities.';
    return { isLogits: isFew, hint };
  }
  if (rows.every(probabilities.accepts)) {
    const hint = 'These look like probabilities: set teacher.output: probabilities.';
    return { isLogits: false, hint };
  }
  if (rows.every((row) => sigmoid.accepts(row) && row.some((value) => value > 0))) {
    const hint =
      'These look like one sigmoid per class, or like rounded probabilities: set teacher.output: sigmoid, which divides every row by its sum.';
    return { isLogits: isFew, hint };
  }
  return { isLogits: true, hint: 'These look like logits: set teacher.output: logits.' };
}

function allFinite(row: Float32Array): boolean {
  return row.every(Number.isFinite);
}

function isWithinUnit(row: Float32Array): boolean {
  return row.every((value) => value >= -entryTolerance && value <= 1 + entryTolerance);
}

/** Largest distance of the sum of a softmax from 1, with numbers of 16 bits. */
const softmaxTolerance = 2e-3;

/**
 * Returns whether rows are those of a softmax. A few numbers may sum to 1 by chance, and if each
 * example has one label by nature, certain answers do.
 */
function isSoftmax(rows: readonly Float32Array[]): boolean {
  const isSoft = rows.some((row) => row.some((value) => Math.abs(value - 0.5) < 0.4));
  const isMany = rows.length * rows[0]!.length >= fewNumbers;
  return isMany && isSoft && rows.every((row) => Math.abs(sum(row) - 1) <= softmaxTolerance);
}

function isPercentages(row: Float32Array): boolean {
  return row.every((value) => value >= 0) && Math.abs(sum(row) - 100) <= 100 * sumTolerance;
}

function noAnswer(classes: number): Float64Array {
  return new Float64Array(classes).fill(Number.NaN);
}

/** Subtracts the largest logit first, so that no power overflows. */
function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const total = sum(powers);
  return powers.map((power) => power / total);
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** Moves numbers that rounding took out of [0, 1] back. */
function inUnit(row: Float32Array): Float64Array {
  return Float64Array.from(row, (value) => clamp(value, 0, 1));
}

/** Divides a row by its sum. A row of zeros has no answer. */
function normalized(row: Float32Array): Float64Array {
  const inside = Float64Array.from(row, (value) => Math.max(value, 0));
  const total = sum(inside);
  return inside.map((value) => value / total);
}

function rowText(row: Float32Array): string {
  const shown = Array.from(row.subarray(0, 5), (value) => Number(value.toPrecision(3)));
  return `[${shown.join(', ')}${row.length > shown.length ? ', …' : ''}]`;
}
