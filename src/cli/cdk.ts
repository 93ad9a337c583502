import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InterruptedError, UserError } from '../errors.ts';

/** Context by which the CDK knows the qualifier of its bootstrap. */
export const qualifierContext = '@aws-cdk/core:bootstrapQualifier';

/** The compiled CDK app, in a checkout as in an installed package. */
const app = fileURLToPath(new URL('../../infra/app.js', import.meta.url));

/**
 * Runs the `cdk` command line of this package on its app. Its output and its questions go to the
 * terminal.
 * @param context settings of the deployment: `infra/settings.ts`.
 * @throws UserError when cdk fails, which has then printed why; InterruptedError after Ctrl-C.
 */
export async function runCdk(
  args: readonly string[],
  context: Readonly<Record<string, string>>,
): Promise<void> {
  const program = fileURLToPath(import.meta.resolve('aws-cdk/bin/cdk'));
  // Working folder of cdk, so that it does not read a cdk.json in the user's folder.
  const folder = await mkdtemp(join(tmpdir(), 'counterweight-cdk-'));
  const settings = Object.entries(context).flatMap(([name, value]) => [
    '--context',
    `${name}=${value}`,
  ]);
  // The terminal sends Ctrl-C to cdk as well. This process waits until cdk has ended.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  try {
    const child = spawn(
      process.execPath,
      // cdk strips the outer quotes of the app and runs the rest in a shell.
      [program, ...args, '--app', `node "${app}"`, '--no-notices', ...settings],
      { cwd: folder, stdio: 'inherit', env: environment() },
    );
    const [code, signal] = await once(child, 'exit');
    if (signal === 'SIGINT' || code === 130) throw new InterruptedError('cdk was stopped');
    if (code !== 0) {
      throw new UserError(
        `cdk ${args[0]} failed: see above`,
        'Correct the cause and run the same command again.',
      );
    }
  } finally {
    process.off('SIGINT', ignore);
    await rm(folder, { recursive: true, force: true });
  }
}

function environment(): NodeJS.ProcessEnv {
  const { PATH = '' } = process.env;
  return {
    // Our users have not agreed to telemetry.
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    // This package is tested with exactly this version of cdk.
    CDK_DISABLE_VERSION_CHECK: '1',
    ...process.env,
    PATH: [dirname(process.execPath), PATH].join(delimiter),
  };
}
