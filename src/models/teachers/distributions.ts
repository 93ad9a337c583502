import { sum } from '../../arrays.ts';
import { UserError } from '../../errors.ts';

/** Largest deviation of a row's sum from 1, and of an entry from [0, 1]. */
const tolerance = 1e-3;

/**
 * Creates a function that converts a teacher's outputs, [n, classes], to rows that sum to 1. Logits
 * go through a softmax. A row becomes NaN if it has NaN or infinite entries, or is not a
 * distribution.
 *
 * On the first batch with an answer, the function also checks the config's field `output`. It
 * throws if all logits are distributions, or if most rows of probabilities are not.
 *
 * @param name Name of the teacher in errors.
 */
export function distributionReader(
  output: 'probabilities' | 'logits',
  classes: number,
  name: string,
): (values: Float32Array) => Float32Array {
  let checked = false;
  return (values) => {
    const rows = Array.from({ length: values.length / classes }, (_, row) =>
      values.subarray(row * classes, (row + 1) * classes),
    );
    if (!checked) checked = checkOutput(rows.filter(allFinite), output, name);
    const probabilities = new Float32Array(values.length);
    rows.forEach((row, index) => {
      const answer = output === 'logits' ? softmax(row) : normalised(row);
      probabilities.set(answer, index * classes);
    });
    return probabilities;
  };
}

/** Checks the rows; returns whether there were any. */
function checkOutput(
  rows: Float32Array[],
  output: 'probabilities' | 'logits',
  name: string,
): boolean {
  const distributions = rows.filter(isDistribution).length;
  if (output === 'probabilities' && 2 * distributions < rows.length) {
    throw new UserError(
      `${name} does not give probabilities: ${rows.length - distributions} of its first ${rows.length} rows are outside [0, 1] or do not sum to 1, such as ${rowText(rows.find((row) => !isDistribution(row))!)}`,
      'These look like logits: set teacher.output: logits.',
    );
  }
  if (output === 'logits' && rows.length > 0 && distributions === rows.length) {
    throw new UserError(
      `${name} does not give logits: all of its first ${rows.length} rows lie in [0, 1] and sum to 1, such as ${rowText(rows[0]!)}`,
      'These look like probabilities: set teacher.output: probabilities.',
    );
  }
  return rows.length > 0;
}

function allFinite(row: Float32Array): boolean {
  return row.every(Number.isFinite);
}

function isDistribution(row: Float32Array): boolean {
  const inside = row.every((value) => value >= -tolerance && value <= 1 + tolerance);
  return inside && Math.abs(sum(row) - 1) <= tolerance;
}

/** Subtracts the largest logit first, so that no power overflows. */
function softmax(logits: Float32Array): Float64Array {
  if (!allFinite(logits)) return new Float64Array(logits.length).fill(Number.NaN);
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** Removes the rounding errors of a row. */
function normalised(row: Float32Array): Float64Array {
  if (!isDistribution(row)) return new Float64Array(row.length).fill(Number.NaN);
  const inside = Float64Array.from(row, (value) => Math.max(value, 0));
  const sum = inside.reduce((a, b) => a + b, 0);
  return inside.map((value) => value / sum);
}

function rowText(row: Float32Array): string {
  const shown = Array.from(row.subarray(0, 5), (value) => Number(value.toPrecision(3)));
  return `[${shown.join(', ')}${row.length > shown.length ? ', …' : ''}]`;
}
