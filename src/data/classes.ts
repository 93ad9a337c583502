import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Task } from './features/index.ts';

const classesSchema = z.union([
  z.array(z.union([z.string(), z.number()])).min(2),
  z.record(z.string(), z.int().nonnegative()),
]);

/**
 * Reads the class names; a class is an index in the list. They come from the config or from the
 * JSON file that it names: a list of names, or an object from name to index.
 *
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
  return names.map(([name]) => name);
}

const expectedFile =
  'Expected a list such as ["cat", "dog"], or an object such as {"cat": 0, "dog": 1}.';

function checkNames(values: readonly (string | number)[], where: string): string[] {
  const names = values.map(String);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UserError(`${where} has the class '${twice}' twice.`);
  return names;
}

/**
 * Creates a function that looks up classes. A label is the name of a class. If no class has that
 * name, it is the index of a class: '3', or '3.0' as pandas writes it. Any other label is
 * undefined.
 */
export function classLookup(
  classes: readonly string[],
): (label: string | undefined) => number | undefined {
  const indexes = new Map(classes.map((name, index) => [name, index]));
  return (label) => {
    if (label === undefined) return undefined;
    const named = indexes.get(label);
    if (named !== undefined) return named;
    const index = /^\d+(\.0+)?$/.test(label) ? Number(label) : -1;
    return index >= 0 && index < classes.length ? index : undefined;
  };
}

/** Returns the error for a labeled example without a label, or whose label is not a class. */
export function unknownLabel(
  example: { readonly id: string; readonly label: string | undefined },
  set: string,
  classes: readonly string[],
): UserError {
  const shown = classes.slice(0, 20).join(', ') + (classes.length > 20 ? ', …' : '');
  const problem =
    example.label === undefined
      ? 'has no label'
      : `has the label '${example.label}', which is not a class`;
  return new UserError(
    `The example '${example.id}' of the ${set} set ${problem}. The ${classes.length} classes: ${shown}.`,
    'Correct the label, or add the class to task.classes in distill.yaml.',
  );
}
