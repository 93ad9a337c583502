// Runs the programs that set-up needs, and reports in one message why set-up failed.
import { spawn } from 'node:child_process';

/**
 * Error for something missing or wrong on this machine. Name and hint are those of `UserError` in
 * src/errors.ts, which this folder cannot import, because it runs before anything is compiled. The
 * command prints both in the same way, and the workflow does not retry either.
 */
export class SetupError extends Error {
  /** @override */
  name = 'UserError';

  /**
   * @param {string} message What is wrong.
   * @param {string} [hint] What to do about it.
   */
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/** Running programs. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends the running programs, when set-up is stopped. */
export function stopPrograms() {
  for (const child of running) child.kill();
}

/**
 * Runs a program to its end.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, input?: string, show?: boolean }} [options]
 *   `show` passes the program's output to this process's standard error instead of collecting it.
 * @returns {Promise<string>} Its standard output.
 * @throws {SetupError} if it cannot be started or fails, with the last lines of its output.
 */
export function run(program, args, { env = process.env, cwd, input, show = false } = {}) {
  return new Promise((resolve, reject) => {
    const output = show ? 2 : 'pipe';
    const child = spawn(program, args, { env, cwd, stdio: ['pipe', output, output] });
    running.add(child);
    let stdout = '';
    let all = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk) => {
      stdout += chunk;
      all += chunk;
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk) => {
      all += chunk;
    });
    child.stdin?.on('error', () => {}); // A program may end without reading its input.
    child.stdin?.end(input);
    child.on('error', (error) => reject(new SetupError(`${program} cannot run: ${error.message}`)));
    child.on('close', (code, signal) => {
      running.delete(child); // Also emitted for a program that could not be started.
      if (code === 0) return resolve(stdout);
      const lines = all.trim().split('\n').slice(-15).join('\n');
      const how = signal ? `was ended by ${signal}` : `failed with exit code ${code}`;
      reject(new SetupError(`${program} ${how}${lines ? `:\n${lines}` : ''}`));
    });
  });
}
