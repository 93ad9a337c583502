/** Questions at the terminal. */
import { createInterface, type Interface } from 'node:readline/promises';
import { InterruptedError } from '../errors.ts';
import type { Dialog } from './confirm.ts';

/** A question with some answers. */
export interface Question<Answer extends string> {
  readonly text: string;
  /** The answers with their meaning; the first is the default. */
  readonly answers: Readonly<Record<Answer, string>>;
}

/**
 * Asks at the terminal. Answers may be typed ahead. If the input ends, the first answers count.
 * After Ctrl-C, questions throw an InterruptedError.
 */
export class Questions {
  readonly #output: NodeJS.WritableStream;
  readonly #lines: Interface;
  readonly #typed: AsyncIterator<string>;
  #isInterrupted = false;

  constructor({ input, output }: Dialog) {
    this.#output = output;
    this.#lines = createInterface({ input, output });
    this.#lines.on('SIGINT', () => {
      this.#isInterrupted = true;
      this.#lines.close();
    });
    this.#typed = this.#lines[Symbol.asyncIterator]();
  }

  /** Asks until an answer is typed: its name, its number, or nothing for the first one. */
  async choose<Answer extends string>({ text, answers }: Question<Answer>): Promise<Answer> {
    const names = Object.keys(answers) as Answer[];
    const width = Math.max(...names.map(({ length }) => length));
    this.#output.write(`\n${text}\n`);
    for (const [index, name] of names.entries()) {
      this.#output.write(`  ${index + 1}  ${name.padEnd(width)}  ${answers[name]}\n`);
    }
    for (;;) {
      const typed = await this.#ask('Choose [1]: ');
      if (!typed) return names[0]!;
      const answer = names[Number(typed) - 1] ?? names.find((name) => name === typed);
      if (answer !== undefined) return answer;
    }
  }

  /** Asks for a text. @returns undefined if nothing is typed. */
  async askText(text: string): Promise<string | undefined> {
    return (await this.#ask(`\n${text} `)) || undefined;
  }

  close(): void {
    this.#lines.close();
  }

  /** Returns the next line; undefined if the input ends. */
  async #ask(prompt: string): Promise<string | undefined> {
    this.#output.write(prompt);
    const { done, value } = await this.#typed.next();
    if (this.#isInterrupted) throw new InterruptedError('stopped at a question');
    return done ? undefined : value.trim();
  }
}
