import { type Config, configSchema } from '../config/schema.ts';
import { hasFields } from '../json.ts';

/** A field of the config that has a single value. */
export interface ConfigField {
  /** Example: `student.epochs`. */
  readonly path: string;
  /** As JSON. */
  readonly value: string;
  /** Whether the config would have the same value without the field. */
  readonly isDefault: boolean;
}

/** Lists all fields of a config, in its order; lists of values are one field. */
export function configFields(config: Config): ConfigField[] {
  const whole = JSON.stringify(config);
  return leaves(config).map(({ path, value }) => {
    const without: unknown = JSON.parse(whole);
    remove(without, path);
    const parsed = configSchema.safeParse(without);
    const isDefault = parsed.success && sorted(parsed.data) === sorted(config);
    return { path: path.join('.'), value: JSON.stringify(value), isDefault };
  });
}

type Path = readonly string[];

/** Lists the values of a config that are not objects, with their paths. A list is one value. */
export function leaves(value: unknown, path: Path = []): { path: Path; value: unknown }[] {
  if (!hasFields(value)) return value === undefined ? [] : [{ path, value }];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, [...path, name]));
}

function remove(value: unknown, [name, ...rest]: Path): void {
  if (!hasFields(value) || name === undefined) return;
  if (rest.length === 0) delete value[name];
  else remove(value[name], rest);
}

/** Returns JSON that does not depend on the order of the fields. */
function sorted(value: unknown): string {
  return JSON.stringify(
    leaves(value)
      .map(({ path, value: leaf }) => [path.join('.'), leaf])
      .sort(),
  );
}
