import path from 'node:path';
import { run } from '#setup/run.mjs';
import { packageRoot } from '../../src/package-root.ts';
import type { LocalStack } from './server.ts';

const program = path.join(packageRoot, 'dist', 'src', 'cli', 'main.js');

/**
 * Deploys the stack `Counterweight` in a LocalStack, with the command line of users.
 *
 * @param options Options of `counterweight deploy`, such as `--budget 5`.
 * @throws SetupError with the last lines of the command.
 */
export async function deploy(
  { endpoint }: Pick<LocalStack, 'endpoint'>,
  options: readonly string[] = [],
): Promise<void> {
  await run(process.execPath, [program, 'deploy', '--endpoint', endpoint, '--yes', ...options]);
}
