/** Differences between templates. */
import { hasFields } from '../../src/json.ts';
import { allPrebuilt, synthesise } from './synthesise.ts';

/** Templates with everything, and no option that applies to every resource. */
export const plain = synthesise(allPrebuilt);

export interface Change {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** The values in which two templates differ; objects and lists are compared within. */
export function changes(from: unknown, to: unknown, path: string[] = []): Change[] {
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length) {
    return from.flatMap((value, index) => changes(value, to[index], [...path, String(index)]));
  }
  if (hasFields(from) && hasFields(to)) {
    const names = new Set([...Object.keys(from), ...Object.keys(to)]);
    return [...names].flatMap((name) => changes(from[name], to[name], [...path, name]));
  }
  return from === to ? [] : [{ path: path.join('/'), from, to }];
}

/** Changes in both templates by one more setting. */
export function changesBy(setting: Record<string, unknown>): Change[] {
  const { core, trainer } = synthesise({ ...allPrebuilt, ...setting });
  return [
    ...changes(plain.core.toJSON(), core.toJSON()),
    ...changes(plain.trainer!.toJSON(), trainer!.toJSON()),
  ];
}
