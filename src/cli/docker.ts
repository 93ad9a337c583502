import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { InterruptedError, UserError } from '../errors.ts';

/** Program that builds images. cdk reads this variable, too. */
const docker = () => process.env.CDK_DOCKER ?? 'docker';

/**
 * Checks that images can be built, since a build would fail half-way.
 *
 * @throws UserError if Docker is missing or does not answer.
 */
export async function checkDocker(): Promise<void> {
  try {
    await promisify(execFile)(docker(), ['info'], { timeout: 30_000 });
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new UserError(
      isMissing ? `${docker()} is not installed` : `${docker()} does not answer: is it running?`,
      'It builds the image of the functions that use TensorFlow. Start it, name another tool with ' +
        'CDK_DOCKER, or pass an image that is in ECR already: --image-uri (and ' +
        '--trainer-image-uri for --trainer gpu).',
    );
  }
}

/**
 * Runs Docker. Its output goes to standard error.
 *
 * @param input Text for its standard input, such as a password.
 * @throws UserError if Docker fails, which has then printed the reason; InterruptedError after
 *   Ctrl-C.
 */
export async function runDocker(args: readonly string[], input = ''): Promise<void> {
  const child = spawn(docker(), args, { stdio: ['pipe', process.stderr, process.stderr] });
  // A program that does not read its input closes it.
  child.stdin.on('error', () => {}).end(input);
  const [code, signal] = await once(child, 'exit');
  if (signal === 'SIGINT' || code === 130) throw new InterruptedError('docker was stopped');
  if (code !== 0) {
    throw new UserError(
      `${docker()} ${args[0]} failed: see above`,
      'Correct the cause and run the same command again.',
    );
  }
}
