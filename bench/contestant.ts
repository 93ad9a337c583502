import { z } from 'zod';
import { run } from '#setup/run.mjs';
import { UserError } from '../src/errors.ts';

/**
 * Runs a contestant to its end.
 *
 * @returns the JSON object in the last line of its standard output.
 * @throws UserError when it fails, with the last lines that it wrote, or gives something else.
 */
export async function runContestant<Result>(
  program: string,
  args: readonly string[],
  schema: z.ZodType<Result>,
): Promise<Result> {
  const output = await run(program, [...args], { env: contestantEnv() });
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  const result = schema.safeParse(jsonOf(last));
  if (result.success) return result.data;
  throw new UserError(
    `${[program, ...args].join(' ')} ended in a line that is not its result: ${last.slice(0, 500)}`,
    z.prettifyError(result.error),
  );
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/**
 * As the bench's own, but for two settings that choose OpenBLAS's kernels: left to itself, the
 * OpenBLAS of a current numpy takes the fastest that the processor has.
 */
function contestantEnv(): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...env } = process.env;
  return { ...env, TF_CPP_MIN_LOG_LEVEL: '2', ORT_DISABLE_TELEMETRY: '1' };
}
