import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InterruptedError, UserError } from '../errors.ts';

/** The compiled CDK app, in a checkout as in an installed package. */
const app = fileURLToPath(new URL('../../infra/app.js', import.meta.url));

/**
 * Runs the `cdk` command line of this package on its app. Whatever it says and asks goes to the
 * terminal.
 * @param context settings of the deployment: `infra/settings.ts`.
 * @throws UserError when it fails, after its own words; InterruptedError after Ctrl-C.
 */
export async function runCdk(
  args: readonly string[],
  context: Readonly<Record<string, string>>,
): Promise<void> {
  const program = fileURLToPath(import.meta.resolve('aws-cdk/bin/cdk'));
  // Where cdk writes, and where it looks for a cdk.json: the user's own is not meant for us.
  const folder = await mkdtemp(join(tmpdir(), 'counterweight-cdk-'));
  const settings = Object.entries(context).flatMap(([name, value]) => [
    '--context',
    `${name}=${value}`,
  ]);
  // The terminal sends Ctrl-C to cdk as well, which ends in its own way: this process waits.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  try {
    const child = spawn(
      process.execPath,
      // A shell gets the app, after cdk has taken quotes off the ends.
      [program, ...args, '--app', `node "${app}"`, '--no-notices', ...settings],
      { cwd: folder, stdio: 'inherit', env: environment() },
    );
    const [code, signal] = await once(child, 'exit');
    if (signal === 'SIGINT' || code === 130) throw new InterruptedError('cdk was stopped');
    if (code !== 0) {
      throw new UserError(`cdk ${args[0]} failed: see above`, 'Then run the same command again.');
    }
  } finally {
    process.off('SIGINT', ignore);
    await rm(folder, { recursive: true, force: true });
  }
}

function environment(): NodeJS.ProcessEnv {
  const { PATH = '' } = process.env;
  return {
    // Whoever runs counterweight has not agreed to it.
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    // The version is the one that this package was tested with.
    CDK_DISABLE_VERSION_CHECK: '1',
    ...process.env,
    PATH: [dirname(process.execPath), PATH].join(delimiter),
  };
}
