import { createInterface } from 'node:readline/promises';
import { UserError } from '../errors.ts';

/** Streams of the dialog: standard input and standard error; tests pass their own. */
export interface Dialog {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks the user to type a word at the terminal.
 * @returns true if the word was typed; false for other input, Ctrl-C and the end of input.
 * @throws UserError if the input is not a terminal.
 */
export async function confirm(
  question: string,
  word: string,
  { input, output }: Dialog = { input: process.stdin, output: process.stderr },
): Promise<boolean> {
  if (!input.isTTY) {
    throw new UserError(
      'the command needs a confirmation, and standard input is not a terminal',
      'Confirm with --yes.',
    );
  }
  const lines = createInterface({ input, output });
  const closed = new AbortController();
  lines.on('SIGINT', () => lines.close()).on('close', () => closed.abort());
  try {
    const answer = await lines.question(`${question} `, { signal: closed.signal });
    return answer.trim() === word;
  } catch (error) {
    if (closed.signal.aborted) return false;
    throw error;
  } finally {
    lines.close();
  }
}
