/**
 * Compiles the checkout into dist/: what the `counterweight` command runs, and, bundled in
 * dist/lambda/, what the functions on AWS run.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { run, SetupError } from './run.mjs';

/**
 * Compiles what changed, and bundles: two seconds when nothing did.
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
  await bundle(root);
}

/** Native code and WebAssembly are not bundled: the function's image, or LocalStack, has them. */
export const NATIVE = [
  '@cornerstonejs/codec-libjpeg-turbo-8bit',
  '@tensorflow/tfjs-node',
  'onnxruntime-node',
  'sharp',
];

/**
 * One bundle for all functions: a small entry, and a chunk for each stage.
 *
 * @param {string} root
 */
async function bundle(root) {
  // A development dependency, as the compiler is: an installed package comes compiled and bundled.
  const { build: esbuild } = await import('esbuild');
  const outdir = path.join(root, 'dist', 'lambda');
  rmSync(outdir, { recursive: true, force: true });
  await esbuild({
    entryPoints: {
      index: path.join(root, 'functions', 'lambda.ts'),
      // A thread or process starts from a file of its own, beside the code that starts it.
      'jpeg-thread': path.join(root, 'src', 'data', 'features', 'jpeg-thread.ts'),
      'augment-thread': path.join(root, 'src', 'train', 'augment-thread.ts'),
      'model-process': path.join(root, 'src', 'models', 'confined', 'model-process.ts'),
    },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outExtension: { '.js': '.mjs' },
    external: NATIVE,
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    // Some dependencies are CommonJS and require Node's own modules.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
}
