import { createInterface } from 'node:readline/promises';
import { UserError } from '../errors.ts';

/** Where a person types: standard input and standard error; tests pass their own. */
export interface Dialog {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks for a word at the terminal.
 * @returns whether it was typed; anything else, Ctrl-C and the end of input are a no.
 * @throws UserError where nobody can type.
 */
export async function confirm(
  question: string,
  word: string,
  { input, output }: Dialog = { input: process.stdin, output: process.stderr },
): Promise<boolean> {
  if (!input.isTTY) {
    throw new UserError('this asks before it begins, and nobody can answer', 'Say yes by --yes.');
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
