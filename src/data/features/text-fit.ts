import { count, counted } from '../../format.ts';
import { type Example, isRejected, type Rejected } from '../example.ts';
import type { ColumnsReport } from './column-report.ts';
import { type Encoder, isDecoded } from './kind.ts';
import { nothingUsable } from './nothing-usable.ts';
import { normalizeText } from './text-normalize.ts';

/** Minimum number of texts that a warning is based on. */
const minWarned = 10;
/** Minimum share of texts that look like ids, and of texts that are the example's label. */
const [minIds, minLabels] = [0.9, 0.5] as const;

/** Maximum number of different texts, numbers left out, of a column of ids, dates or a constant. */
const maxPatterns = 3;

/** Counts of texts that a user may not expect. */
interface Counts {
  texts: number;
  cut: number;
  ids: number;
  labels: number;
  /** Different texts, without their numbers: at most one more than `maxPatterns`. */
  readonly patterns: Set<string>;
}

/**
 * Checks the texts of the labeled set. Texts need no fitting.
 *
 * @param report Receives warnings about texts that are cut, or do not look like texts.
 * @throws UserError if no example is usable.
 */
export async function fitTexts(
  maxCharacters: number,
  encoder: Encoder,
  examples: AsyncIterable<Example | Rejected>,
  report: (columns: ColumnsReport) => void = () => {},
): Promise<void> {
  const counts: Counts = { texts: 0, cut: 0, ids: 0, labels: 0, patterns: new Set() };
  let reason: string | undefined;
  for await (const item of examples) {
    const rejected = isRejected(item) ? item : await rejectionOf(item, encoder);
    if (rejected !== undefined) reason ??= `'${rejected.id}': ${rejected.reason}`;
    else if (!isRejected(item)) addText(counts, item, maxCharacters);
  }
  if (counts.texts === 0) throw nothingUsable(reason);
  report({ columns: [], warnings: [...warningsOf(counts, maxCharacters)] });
}

async function rejectionOf(example: Example, encoder: Encoder): Promise<Rejected | undefined> {
  const decoded = await encoder.decode(example);
  return isDecoded(decoded) ? undefined : decoded;
}

/** One word of ASCII with a digit in it, as ids and codes have, but not an address of the web. */
const idLike = /^(?=.*\d)(?!.*:\/\/)[!-~]+$/;

function addText(counts: Counts, { content, label }: Example, maxCharacters: number): void {
  if (content.kind !== 'text') return;
  const { text, isCut } = normalizeText(content.text, maxCharacters);
  counts.texts++;
  if (isCut) counts.cut++;
  if (idLike.test(text)) counts.ids++;
  if (text === label) counts.labels++;
  if (counts.patterns.size <= maxPatterns) {
    counts.patterns.add(text.replaceAll(/\p{Number}+/gu, '0'));
  }
}

function* warningsOf(
  { texts, cut, ids, labels, patterns }: Counts,
  maxCharacters: number,
): Iterable<string> {
  const all = counted(texts, 'labeled text');
  if (cut > 0) {
    const share = `${((cut / texts) * 100).toPrecision(2)}%`;
    yield `${count(cut)} of ${all} (${share}) have more than ${count(maxCharacters)} characters, and only these are read; raise task.maxCharacters to read more`;
  }
  if (texts < minWarned) return;
  if (labels >= minLabels * texts) {
    yield `${count(labels)} of ${all} are the name of their class: task.text seems to name a column of labels`;
  } else if (ids >= minIds * texts) {
    yield `${count(ids)} of ${all} look like ids, one word with digits: task.text should name a column of texts`;
  } else if (patterns.size <= maxPatterns) {
    yield `${all} have only ${counted(patterns.size, 'different text')}, numbers left out: task.text should name a column of texts`;
  }
}
