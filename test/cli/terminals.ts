import type { Terminal } from '../../src/cli/terminal.ts';

/** A terminal, or a pipe, that keeps what is written to it. */
export class FakeTerminal implements Terminal {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  readonly #colors: boolean;
  text = '';

  constructor({ live = false, columns = 100, colors = false } = {}) {
    this.isTTY = live;
    this.columns = live ? columns : undefined;
    this.#colors = colors;
  }

  write(text: string): void {
    this.text += text;
  }

  hasColors(): boolean {
    return this.#colors;
  }

  /** Text on the screen at the end, without overwritten text. */
  get screen(): string {
    return this.text
      .split('\n')
      .map((line) => line.slice(line.lastIndexOf('\r') + 1).replace('\u001b[K', ''))
      .join('\n');
  }
}
