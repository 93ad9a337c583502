import { sum } from '../arrays.ts';
import { isMissingSpelling } from '../data/features/row-values.ts';
import { jsonList, namesInLabel } from '../data/label-list.ts';
import {
  hasLeadingZero,
  labelLook,
  lookDifference,
  normalizeLabel,
  numberSpelling,
} from '../data/labels.ts';
import { missingMarks } from '../data/missing-marks.ts';
import { UserError } from '../errors.ts';
import { counted } from '../format.ts';

/** Upper bound on the classes: a column with more values is not a column of classes. */
const maxClasses = 2_000;

/** Counts the labels of a set, to suggest the classes and their order. */
export class LabelSurvey {
  /** Spellings of each class with their counts, by the value that makes them equal. */
  readonly #labels = new Map<string, Map<string, number>>();
  #isMultiLabel: boolean;
  #lists = 0;
  #empty = 0;
  #left = 0;

  /** @param isMultiLabel Whether labels are lists. Default: if one of them is a JSON list. */
  constructor(isMultiLabel = false) {
    this.#isMultiLabel = isMultiLabel;
  }

  /** Whether labels are lists of classes. */
  get isMultiLabel(): boolean {
    return this.#isMultiLabel;
  }

  /**
   * @param target Name of the column of the label, for messages.
   * @param examples Number of examples with the label.
   * @throws UserError if there are too many different classes, or a list is not one of names.
   */
  add(label: string | undefined, target: string, examples = 1): void {
    const name = normalizeLabel(label ?? '');
    if (name === '') {
      this.#empty += examples;
      return;
    }
    requireNames(name, target);
    this.#lists += examples;
    if (!this.#isMultiLabel && jsonList(name) !== undefined) this.#splitAll(target);
    const names = this.#isMultiLabel ? new Set(namesInLabel(name)) : [name];
    for (const each of names) this.#count(normalizeLabel(each), target, examples);
  }

  /** Splits the labels so far, which have no lists in JSON, at their semicolons. */
  #splitAll(target: string): void {
    const before = [...this.#labels.values()].flatMap((spellings) => [...spellings]);
    this.#labels.clear();
    this.#isMultiLabel = true;
    for (const [label, examples] of before) {
      for (const name of namesInLabel(label) ?? []) this.#count(name, target, examples);
    }
  }

  #count(name: string, target: string, examples: number): void {
    const value = numberSpelling(name) ?? name;
    const spellings = this.#labels.get(value) ?? new Map<string, number>();
    spellings.set(name, (spellings.get(name) ?? 0) + examples);
    this.#labels.set(value, spellings);
    if (this.#labels.size > maxClasses) {
      throw new UserError(
        `The labels have more than ${maxClasses} values: "${target}" does not look like a class.`,
        'Rename the column of the class to "label", or write distill.yaml by hand.',
      );
    }
  }

  /** Number of examples of the classes that `classes` returned; of lists, all. */
  get examples(): number {
    return this.#isMultiLabel ? this.#lists : this.uses;
  }

  /** Number of classes of all examples together, among those that `classes` returned. */
  get uses(): number {
    return sum([...this.#labels.values()].map(countOf)) - this.#left;
  }

  /**
   * Returns the names of the classes: numbers in ascending order, otherwise by their UTF-16 codes.
   * Leaves out labels that mean "no label", unless fewer than two classes would be left.
   *
   * @param missing Texts of `data.missing`.
   * @param notes Receives what was merged or left out.
   */
  classes(missing: readonly string[], notes: string[]): string[] {
    if (this.#empty > 0) notes.push(`${counted(this.#empty, 'labeled example')} without a label.`);
    const unclear = [...this.#labels].flatMap(([value, spellings]) => {
      const why = whyMissing(value, spellings, missing);
      return why === undefined ? [] : [{ value, examples: countOf(spellings), ...why }];
    });
    const isKept = this.#labels.size - unclear.length < 2;
    for (const { label, examples, why } of unclear) {
      const have = `${counted(examples, 'labeled example')} ${examples === 1 ? 'has' : 'have'}`;
      const then = isKept
        ? `Without it there are fewer than two classes, so ${label} counts as a class.`
        : `If ${label} is a class, add it to task.classes.`;
      notes.push(`${have} the label ${label}, ${why}. ${then}`);
    }
    const left = new Set(isKept ? [] : unclear.map(({ value }) => value));
    this.#left = sum(isKept ? [] : unclear.map(({ examples }) => examples));
    const known = [...this.#labels].filter(([value]) => !left.has(value));
    for (const [, spellings] of known) notes.push(...mergedNote(spellings));
    notes.push(...lookNotes(known.map(([value]) => value)));
    notes.push(...doubtNotes(known.map(([value]) => value)));
    if (!this.#isMultiLabel) notes.push(...listNote(known.map(([value]) => value)));
    return inOrder(known.map(([value, spellings]) => nameOf(value, spellings)));
  }
}

/** Lists and sets of Python: names in quotes, or several names in brackets. */
const otherLists = /^[[({]\s*['"]|^\[.*,.*\]$/s;

/** @throws UserError if a label is a list that cannot be read as names of classes. */
function requireNames(label: string, target: string): void {
  const names = namesInLabel(label);
  const isList = jsonList(label) !== undefined;
  if (isList ? names !== undefined : !otherLists.test(label)) return;
  throw new UserError(
    `The labels in "${target}" look like lists, but ${label} is not a list of names in JSON.`,
    'Write lists such as ["a", "b"], as json.dumps does in Python.',
  );
}

/** Notes labels that may be lists: they have a semicolon or a bar, or parts that recur. */
function listNote(names: readonly string[]): string[] {
  const listed = names.filter((name) => /[^;|][;|][^;|]/.test(name));
  const [found] = [...listed, ...[',', '/'].flatMap((separator) => listsWith(separator, names))];
  if (found === undefined) return [];
  return [
    `Labels such as ${found} may be lists of classes. If they are, separate names by semicolons, set task.multiLabel: true and list every class once in task.classes.`,
  ];
}

/**
 * Returns the labels with a separator, if all labels have no more parts than there are labels:
 * "war", "drama" and "war, drama" have two. Most names with a comma, such as "Paris, France", have
 * parts of their own.
 */
function listsWith(separator: string, names: readonly string[]): string[] {
  const parts = names.flatMap((name) => name.split(separator)).map((part) => part.trim());
  if (new Set(parts).size > names.length) return [];
  return names.filter((name) => name.includes(separator));
}

/** Returns why a label may mean "no label", or undefined. */
function whyMissing(
  value: string,
  spellings: ReadonlyMap<string, number>,
  missing: readonly string[],
): { readonly label: string; readonly why: string } | undefined {
  const label = [...spellings.keys()].find((spelling) => missing.includes(spelling));
  if (label !== undefined) return { label, why: 'which is in data.missing' };
  const written = [...spellings.keys()].find((spelling) => missingMarks.has(spelling));
  if (written !== undefined) {
    return { label: written, why: 'which programs write for a missing value' };
  }
  return value === '-1' ? { label: value, why: 'which means "no label"' } : undefined;
}

function countOf(spellings: ReadonlyMap<string, number>): number {
  return sum([...spellings.values()]);
}

/** Returns the name of a class: a number without its needless digits, unless it is a code. */
function nameOf(value: string, spellings: ReadonlyMap<string, number>): string {
  const names = [...spellings.keys()];
  return names.every(hasLeadingZero) ? names[0]! : value;
}

function mergedNote(spellings: ReadonlyMap<string, number>): string[] {
  const names = [...spellings.keys()];
  return names.length > 1 ? [`The labels ${names.join(' and ')} count as one class.`] : [];
}

function lookNotes(names: readonly string[]): string[] {
  const seen = new Map<string, string>();
  return names.flatMap((name) => {
    const look = labelLook(name);
    const other = seen.get(look);
    seen.set(look, name);
    if (other === undefined) return [];
    const differ = `differ ${lookDifference(other, name)}, and count as two classes`;
    return [`The labels ${other} and ${name} ${differ}.`];
  });
}

/** Notes classes that may mean a missing label. */
function doubtNotes(names: readonly string[]): string[] {
  return names
    .filter(isMissingSpelling)
    .map((name) => `${name} is a class. If it means a missing label, add it to data.missing.`);
}

function inOrder(names: string[]): string[] {
  if (!names.every((name) => numberSpelling(name) !== undefined)) return names.sort();
  const numbers = names.map(Number);
  const highest = Math.max(...numbers);
  // Labels that count from 0 are indices in the list; a class without an example has one too.
  const counts = names.every((name) => /^(0|[1-9]\d{0,8})$/.test(name)) && numbers.includes(0);
  if (counts && highest < 2 * names.length && highest < maxClasses) {
    return Array.from({ length: highest + 1 }, (_, index) => String(index));
  }
  return names.sort((a, b) => Number(a) - Number(b));
}
