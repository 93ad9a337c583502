/**
 * `node setup/setup.mjs` makes a checkout ready to run: packages, TensorFlow, and the compiled
 * command. What is done already is skipped, so `npm test` and `npm run demo` start with it.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeVersionCheck } from './node-version.mjs';
import { SetupError } from './run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

async function setUp() {
  const node = nodeVersionCheck();
  if (!node.ok) throw new SetupError(`Node.js ${node.detail}`, node.fix);
  // Imported only now: an old Node.js would fail on these files without an explanation.
  const { ensurePackages } = await import('./packages.mjs');
  const { ensureTensorFlow } = await import('./tensorflow.mjs');
  const { build } = await import('./build.mjs');
  // An installed package has no sources: npm installed its packages, and it is compiled.
  const isCheckout = existsSync(path.join(root, 'tsconfig.build.json'));
  if (isCheckout) await ensurePackages(root);
  await ensureTensorFlow();
  if (isCheckout) await build(root);
}

try {
  await setUp();
} catch (error) {
  // A missing requirement is not an error of set-up, so it is reported without a stack trace.
  if (!(error instanceof SetupError)) throw error;
  console.error(error.hint ? `${error.message}\n${error.hint}` : error.message);
  process.exitCode = 1;
}
