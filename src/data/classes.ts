import { z } from 'zod';
import type { Decisions } from '../debias/decisions.ts';
import { UserError } from '../errors.ts';
import { bytesUpTo } from '../store/bytes.ts';
import type { ObjectStore } from '../store/store.ts';
import { fieldsOf, listOf } from '../wide-schemas.ts';
import type { Task } from './features/index.ts';
import { maxClasses } from './features/kind.ts';
import { looksLikeFlags, namesInLabel } from './label-list.ts';
import { hasLeadingZero, normalizeLabel, numberSpelling } from './labels.ts';

/** Maximum size of a file with class names, in MiB. */
const maxFileMiB = 16;

const className = z.union([z.string(), z.number()]);
const listSchema = listOf(className, maxClasses).refine(({ length }) => length >= 2);
const indicesSchema = fieldsOf(z.int().nonnegative(), maxClasses);

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
  const json = await readClassFile(store, task.classes, where);
  const count = Object.keys(json ?? {}).length;
  if (typeof json === 'object' && count > maxClasses) {
    throw new UserError(`${where} has ${count} classes; at most ${maxClasses} are possible.`);
  }
  const list = listSchema.safeParse(json);
  if (list.success) return checkNames(list.data, where);
  const indices = indicesSchema.safeParse(json);
  if (!indices.success) throw new UserError(`${where} has no class names.`, expectedFile);
  const names = Object.entries(indices.data).sort(([, first], [, second]) => first - second);
  if (names.length < 2 || names.some(([, number], index) => number !== index)) {
    throw new UserError(`${where} does not number its classes 0, 1, 2 ….`, expectedFile);
  }
  return checkNames(
    names.map(([name]) => name),
    where,
  );
}

async function readClassFile(store: ObjectStore, key: string, where: string): Promise<unknown> {
  const bytes = await bytesUpTo(await store.read(key), maxFileMiB * 2 ** 20);
  if (bytes === undefined) {
    throw new UserError(
      `${where} has more than ${maxFileMiB} MiB, and class names take less.`,
      expectedFile,
    );
  }
  try {
    // Unlike a Buffer, it leaves out a byte order mark.
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new UserError(`${where} is not JSON: ${(error as SyntaxError).message}.`, expectedFile);
  }
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
export interface FoundClass {
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

/**
 * Creates a function that finds the classes of a label: one, or those in the list of a multi-label
 * task. It returns undefined if the label is not a class, or not a list of classes.
 */
export function labelFinder(
  classes: readonly string[],
  { isMultiLabel }: Pick<Decisions, 'isMultiLabel'>,
): (label: string | undefined) => readonly FoundClass[] | undefined {
  const find = classFinder(classes);
  return (label) => {
    if (label === undefined) return undefined;
    const names = isMultiLabel ? namesInLabel(label) : [label];
    const found = names?.flatMap((name) => find(name) ?? []) ?? [];
    if (names === undefined || found.length < names.length) return undefined;
    const byIndex = found.some(({ by }) => by === 'index');
    return isMultiLabel && looksLikeFlags(names, classes.length, byIndex) ? undefined : found;
  };
}

/**
 * Creates a function that returns the decisions of a label, [perExample], or undefined if it is not
 * a class, or not a list of classes. A name that a list has twice counts once.
 *
 * @example
 * decisionLookup(['cat', 'dog'], oneClass(2))('dog') // [1]
 * decisionLookup(['cat', 'dog'], manyLabels(2))('cat;dog') // [1, 1]
 * decisionLookup(['cat', 'dog'], manyLabels(2))('[]') // [0, 0]
 */
export function decisionLookup(
  classes: readonly string[],
  decisions: Decisions,
): (label: string | undefined) => Int32Array | undefined {
  const find = labelFinder(classes, decisions);
  return (label) => {
    const found = find(label);
    return found && decisionsFor(found, decisions);
  };
}

/** Returns the decisions of a label with these classes, [perExample]. */
export function decisionsFor(
  found: readonly FoundClass[],
  { isMultiLabel, perExample }: Decisions,
): Int32Array {
  if (!isMultiLabel) return Int32Array.from(found, ({ index }) => index);
  const decided = new Int32Array(perExample);
  for (const { index } of found) decided[index] = 1;
  return decided;
}
