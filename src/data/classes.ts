import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Task } from './features/index.ts';
import {
  hasLeadingZero,
  labelLook,
  lookDifference,
  normalizeLabel,
  numberSpelling,
} from './labels.ts';
import type { SetName } from './shard.ts';

const classesSchema = z.union([
  z.array(z.union([z.string(), z.number()])).min(2),
  z.record(z.string(), z.int().nonnegative()),
]);

/**
 * Reads the class names; a class is an index in the list. They come from the config or from the
 * JSON file that it names: a list of names, or an object from name to index.
 *
 * @returns the names, normalized (`normalizeLabel`).
 * @throws UserError if the file is missing or not such JSON, or a name or an index is used twice.
 */
export async function readClasses(store: ObjectStore, task: Task): Promise<string[]> {
  if (typeof task.classes !== 'string') return checkNames(task.classes, 'task.classes');
  const where = `'${task.classes}' (task.classes)`;
  let json: unknown;
  try {
    json = JSON.parse(await text(await store.read(task.classes)));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UserError(`${where} is not JSON: ${error.message}.`, expectedFile);
  }
  const parsed = classesSchema.safeParse(json);
  if (!parsed.success) throw new UserError(`${where} has no class names.`, expectedFile);
  if (Array.isArray(parsed.data)) return checkNames(parsed.data, where);
  const names = Object.entries(parsed.data).sort(([, first], [, second]) => first - second);
  if (names.length < 2 || names.some(([, number], index) => number !== index)) {
    throw new UserError(`${where} does not number its classes 0, 1, 2 ….`, expectedFile);
  }
  return checkNames(
    names.map(([name]) => name),
    where,
  );
}

const expectedFile =
  'Expected a list such as ["cat", "dog"], or an object such as {"cat": 0, "dog": 1}.';

function checkNames(values: readonly (string | number)[], where: string): string[] {
  const names = values.map((value) => normalizeLabel(String(value)));
  const seen = new Map<string, string>();
  for (const name of names) {
    const key = hasLeadingZero(name) ? name : (numberSpelling(name) ?? name);
    const other = seen.get(key);
    if (other === name) throw new UserError(`${where} has the class '${name}' twice.`);
    if (other !== undefined) {
      throw new UserError(
        `${where} has the classes '${other}' and '${name}', which are the same number.`,
        'Keep one of them.',
      );
    }
    seen.set(key, name);
  }
  return names;
}

/** A class that a label stands for: by its name, or by its index in the list. */
interface FoundClass {
  readonly index: number;
  readonly by: 'name' | 'index';
}

/**
 * Creates a function that finds the class of a label, or returns undefined. Names are compared
 * normalized, and then as numbers, so that 2, '2' and 2.0 are the same. Only if no class name is a
 * number, a label that is an integer is an index.
 */
export function classFinder(
  classes: readonly string[],
): (label: string | undefined) => FoundClass | undefined {
  const names = new Map(classes.map((name, index) => [normalizeLabel(name), index]));
  const numbers = new Map<string, number | undefined>();
  for (const [name, index] of names) {
    const number = numberSpelling(name);
    // '7' and '007' may both be classes: then '7.0' could be either.
    if (number !== undefined) numbers.set(number, numbers.has(number) ? undefined : index);
  }
  return (label) => {
    if (label === undefined) return undefined;
    const exact = names.get(label);
    if (exact !== undefined) return { index: exact, by: 'name' };
    const name = normalizeLabel(label);
    const number = numberSpelling(name);
    const index = names.get(name) ?? (number === undefined ? undefined : numbers.get(number));
    if (index !== undefined) return { index, by: 'name' };
    if (number === undefined || numbers.size > 0 || !/^\d+$/.test(number)) return undefined;
    return Number(number) < classes.length ? { index: Number(number), by: 'index' } : undefined;
  };
}

/** Creates a function that returns the index of a label's class, or undefined without one. */
export function classLookup(
  classes: readonly string[],
): (label: string | undefined) => number | undefined {
  const find = classFinder(classes);
  return (label) => find(label)?.index;
}

/** A labeled example, as far as its label is checked. */
export interface WithLabel {
  readonly id: string;
  readonly label: string | undefined;
}

/**
 * Creates a function that returns the index of an example's class, for all labels of one run.
 *
 * @throws UserError, from that function, if the label is not a class, or if it is an index and an
 *   earlier label was a name, or the reverse.
 */
export function labelChecker(
  classes: readonly string[],
): (example: WithLabel, set: SetName) => number {
  const find = classFinder(classes);
  const first: { [By in FoundClass['by']]?: string } = {};
  return (example, set) => {
    const found = find(example.label);
    if (found === undefined) throw unknownLabel(example, set, classes);
    const { index, by } = found;
    first[by] ??= `'${example.label}' ('${example.id}' of the ${set} set)`;
    if (first.name !== undefined && first.index !== undefined) {
      throw new UserError(
        `Some labels are names of classes, such as ${first.name}, and some are indices, such as ${first.index}.`,
        'Write all labels as names, or all as indices in task.classes.',
      );
    }
    return index;
  };
}

/** Returns the error for a labeled example without a label, or whose label is not a class. */
export function unknownLabel(
  { id, label }: WithLabel,
  set: string,
  classes: readonly string[],
): UserError {
  const shown = classes.slice(0, 20).join(', ') + (classes.length > 20 ? ', …' : '');
  const problem =
    label === undefined ? 'has no label' : `has the label '${label}', which is not a class`;
  return new UserError(
    `The example '${id}' of the ${set} set ${problem}. The ${classes.length} classes: ${shown}.`,
    `${likelyMistake(label ?? '', classes)}Correct the label, or add the class to task.classes in distill.yaml.`,
  );
}

function likelyMistake(label: string, classes: readonly string[]): string {
  const name = normalizeLabel(label);
  const other = classes.find((each) => labelLook(each) === labelLook(name));
  if (other !== undefined) return `It differs from '${other}' ${lookDifference(other, name)}. `;
  const numbers = classes.map(normalizeLabel).filter((each) => numberSpelling(each) !== undefined);
  if (numbers.length === 0 || !/^\d+$/.test(name)) return '';
  return `A number is not an index here, because class names are numbers, such as '${numbers[0]}'. `;
}
