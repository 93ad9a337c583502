/** Compiles the checkout into dist/, which is what the `counterweight` command runs. */
import path from 'node:path';
import { run, SetupError } from './run.mjs';

/**
 * Compiles what changed; a third of a second when nothing did.
 *
 * @param {string} root The checkout.
 * @throws {SetupError} After the compiler's own messages.
 */
export async function build(root) {
  const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    await run(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root, show: true });
  } catch {
    throw new SetupError('The checkout does not compile: see the messages above.');
  }
}
