/**
 * Joins files about the same shard, row by row. All files have the same order, so memory is
 * constant.
 */
import { UserError } from '../../errors.ts';
import { type Example, isRejected, type Rejected } from '../example.ts';

interface WithId {
  readonly id: string;
}

/**
 * Joins the examples of a shard with their rows of a labels or weights file.
 *
 * @param quarantined Ids of examples that have no row, besides the rejected ones: they could not be
 *   decoded or labeled (`readLabelsSummary`).
 * @throws UserError if an example has no row, or a row has no example.
 */
export async function* joinExamples<Row extends WithId>(
  examples: AsyncIterable<Example | Rejected>,
  rows: AsyncIterable<Row>,
  quarantined: ReadonlySet<string>,
): AsyncGenerator<{ readonly example: Example; readonly row: Row }> {
  const iterator = rows[Symbol.asyncIterator]();
  try {
    let next = await iterator.next();
    for await (const example of examples) {
      if (isRejected(example)) continue;
      if (!next.done && next.value.id === example.id) {
        yield { example, row: next.value };
        next = await iterator.next();
      } else if (!quarantined.has(example.id)) {
        throw disagreement(`the example '${example.id}'`, next.done ? undefined : next.value.id);
      }
    }
    if (!next.done) throw disagreement('the end of the shard', next.value.id);
  } finally {
    await iterator.return?.();
  }
}

/**
 * Joins two files about the same examples row by row: labels and weights.
 * @throws UserError when they are not about the same examples.
 */
export async function* joinRows<First extends WithId, Second extends WithId>(
  first: AsyncIterable<First>,
  second: AsyncIterable<Second>,
): AsyncGenerator<First & Second> {
  const iterator = second[Symbol.asyncIterator]();
  try {
    for await (const row of first) {
      const next = await iterator.next();
      if (next.done || next.value.id !== row.id) {
        throw disagreement(`'${row.id}'`, next.done ? undefined : next.value.id);
      }
      yield { ...row, ...next.value };
    }
    const next = await iterator.next();
    if (!next.done) throw disagreement('the end of the file', next.value.id);
  } finally {
    await iterator.return?.();
  }
}

/** Returns the error of files that are not about the same examples. */
export function disagreement(expected: string, found: string | undefined): UserError {
  return new UserError(
    `The files of a shard disagree: at ${expected} there is ` +
      `${found === undefined ? 'no row left' : `a row for '${found}'`}.`,
    'The data has changed since it was labeled: start a new run.',
  );
}
