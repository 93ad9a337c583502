/** Settings in the files of other libraries. */
import type { z } from 'zod';
import { UserError } from '../../errors.ts';

/**
 * Checks a file's settings against a schema.
 *
 * @param key Key of the file.
 * @throws UserError with the first field that does not fit.
 */
export function parseSettings<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  key: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw notUnderstood(key, `${path.join('.') || 'it'}: ${message}`);
}

/** Returns the error for settings that cannot be used, with the way around them. */
export function notUnderstood(key: string, problem: string): UserError {
  return new UserError(
    `the preprocessing in ${key} cannot be used: ${problem}`,
    'Write it as teacher.preprocess in distill.yaml, or as encoder.preprocess for an encoder. It replaces the file.',
  );
}
