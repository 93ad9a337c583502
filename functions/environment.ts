import type { z } from 'zod';
import { UserError } from '../src/errors.ts';

/**
 * Reads the environment variables that a program needs. Programs read them once, at their start.
 *
 * @param hint Where the variables are set.
 * @throws UserError that names every variable that is missing or wrong.
 * @example readEnvironment(z.object({ RESULTS: z.string() }), 'The stack sets it.').RESULTS
 */
export function readEnvironment<Variables>(schema: z.ZodType<Variables>, hint: string): Variables {
  const parsed = schema.safeParse(process.env);
  if (parsed.success) return parsed.data;
  const names = new Set(parsed.error.issues.map(({ path }) => path.join('.')));
  throw new UserError(`environment variables are missing or wrong: ${[...names].join(', ')}`, hint);
}

/** Hint for functions, whose variables come from the stack and from Lambda. */
export const functionHint =
  'The stack sets the variables of the function, and Lambda AWS_REGION. Deploy again with: ' +
  'counterweight deploy';
