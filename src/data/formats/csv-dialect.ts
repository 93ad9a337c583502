import type { Dialect } from './csv-records.ts';

/** Usual delimiters, the most usual first, and those that are only considered without them. */
const delimiters = [',', ';', '\t', '|', '\u0001', '\u001f'];
const rareDelimiters = ['^', '~', ':', ' '];

/** Records compared for the choice of the delimiter, and the share that a rare one must fit. */
const [maxRecords, minRareFit] = [50, 0.95] as const;

/**
 * Finds line ends and delimiter of a CSV file.
 *
 * @param head The start of the file in UTF-8, with at least the first record.
 * @param isWhole Whether the head is the whole file; otherwise its last record may be cut.
 * @param delimiter The delimiter, if the config sets it.
 */
export function findDialect(head: Uint8Array, isWhole: boolean, delimiter?: string): Dialect {
  const text = Buffer.from(head)
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '');
  const lineEnd = lineEndOf(text);
  if (delimiter !== undefined) return { delimiter, lineEnd };
  const fits = (candidates: readonly string[]) =>
    candidates
      .filter((candidate) => text.includes(candidate))
      .map((candidate) => ({
        delimiter: candidate,
        ...fitOf(text, { delimiter: candidate, lineEnd }, isWhole),
      }));
  const best = fits(delimiters).filter(({ fields }) => fields > 1);
  const rare = best.length > 0 ? [] : fits(rareDelimiters);
  const [first] = [
    ...best,
    ...rare.filter(({ fields, fit }) => fields > 1 && fit >= minRareFit),
  ].sort((a, b) => b.fit - a.fit || b.fields - a.fields);
  return { delimiter: first?.delimiter ?? ',', lineEnd };
}

/** Returns CR if the text has one outside quotes, and no LF; otherwise LF. */
function lineEndOf(text: string): Dialect['lineEnd'] {
  let last = '\n';
  for (const { character } of lineEnds(text)) {
    if (character === '\n') return '\n';
    last = character;
  }
  return last === '\r' ? '\r' : '\n';
}

/** Returns the index of the first CR or LF outside quotes, or undefined. */
export function firstLineEnd(head: Uint8Array): number | undefined {
  for (const { index } of lineEnds(Buffer.from(head).toString('latin1'))) return index;
  return undefined;
}

/** Yields every CR and LF outside quotes. */
function* lineEnds(text: string): Generator<{ index: number; character: string }> {
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (character === '"') {
      // A quote opens a field only at its start.
      quoted = !quoted && (index === 0 || beforeField.includes(text[index - 1]!));
    } else if (!quoted && (character === '\n' || character === '\r')) {
      yield { index, character };
    }
  }
}

const beforeField = ['\n', '\r', ...delimiters, ...rareDelimiters];

/** Returns the fields of the header, and the share of the records that have as many. */
function fitOf(text: string, { delimiter, lineEnd }: Dialect, isWhole: boolean) {
  const counts = fieldCounts(text, delimiter, lineEnd);
  if (!isWhole && counts.length > 1 && counts.length <= maxRecords) counts.pop();
  const [fields = 0, ...others] = counts;
  const same = others.filter((count) => count === fields).length;
  return { fields, fit: others.length === 0 ? 0 : same / others.length };
}

/** Counts the fields of the first records that are not empty. */
function fieldCounts(text: string, delimiter: string, lineEnd: string): number[] {
  const counts: number[] = [];
  let fields = 1;
  let start = 0;
  let quoted = false;
  for (let index = 0; index <= text.length && counts.length <= maxRecords; index++) {
    const character = text[index];
    if (quoted) {
      if (character === '"' && text[index + 1] === '"') index++;
      else if (character === '"') quoted = false;
    } else if (character === '"' && (index === start || text[index - 1] === delimiter)) {
      quoted = true;
    } else if (character === delimiter) {
      fields++;
    } else if (character === lineEnd || character === undefined) {
      if (text.slice(start, index).trim() !== '') counts.push(fields);
      fields = 1;
      start = index + 1;
    }
  }
  return counts;
}
