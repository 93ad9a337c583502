import type { Observation } from './run-observer.ts';
import {
  renderCost,
  renderHead,
  renderOutcome,
  renderStage,
  renderStatus,
  stageRows,
} from './status-text.ts';
import type { Terminal } from './terminal.ts';

/** Minimum interval between progress lines when output is not a terminal, in ms. */
const plainLineMs = 10_000;

/** Display of a run's status over time. */
export interface StatusView {
  show(seen: Observation): void;
  /** Explains why the display is not updated. */
  note(text: string): void;
  end(seen: Observation): void;
}

/** Display for --json: shows nothing. */
export const silentView: StatusView = { show: () => {}, note: () => {}, end: () => {} };

/** Creates a display that changes in place on a terminal; elsewhere it adds a line per change. */
export function createStatusView(terminal: Terminal): StatusView {
  return terminal.isTTY ? new Picture(terminal) : new Lines(terminal);
}

class Picture implements StatusView {
  readonly #terminal: Terminal;
  #text = '';
  #height = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(seen: Observation): void {
    this.#text = renderStatus(seen, this.#terminal);
    this.#draw(this.#text);
  }

  note(text: string): void {
    this.#draw(`${this.#text}\n\n${text}`);
  }

  end(seen: Observation): void {
    this.#erase();
    this.#terminal.write(`${renderStatus(seen, this.#terminal)}\n`);
  }

  /** Turns line wrapping off, so that the number of lines is the height. */
  #draw(text: string): void {
    this.#erase();
    this.#terminal.write('\u001b[?7l');
    this.#terminal.write(`${text}\n`);
    this.#terminal.write('\u001b[?7h');
    this.#height = text.split('\n').length;
  }

  #erase(): void {
    if (this.#height > 0) this.#terminal.write(`\u001b[${this.#height}A\r\u001b[J`);
    this.#height = 0;
  }
}

class Lines implements StatusView {
  readonly #terminal: Terminal;
  #last: Observation | undefined;
  #amountAtMs = Number.NEGATIVE_INFINITY;
  #noted = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(seen: Observation): void {
    this.#noted = false;
    if (!this.#last) this.#say(renderHead(seen, this.#terminal));
    const rows = stageRows(seen);
    const isDue = seen.at.getTime() - this.#amountAtMs >= plainLineMs;
    for (const [i, row] of rows.entries()) {
      const before = this.#last?.stages[i];
      const stage = seen.stages[i]!;
      const isNews = stage.state !== (before?.state ?? 'waiting');
      const isFurther = isDue && stage.state === 'running' && amountOf(stage) !== amountOf(before);
      if (!isNews && !isFurther) continue;
      if (stage.state === 'running') this.#amountAtMs = seen.at.getTime();
      this.#say([renderStage(row, this.#terminal)]);
    }
    this.#last = seen;
  }

  note(text: string): void {
    if (!this.#noted) this.#say([text]);
    this.#noted = true;
  }

  end(seen: Observation): void {
    this.show(seen);
    this.#say([...renderCost(seen), ...renderOutcome(seen, this.#terminal)]);
  }

  #say(lines: readonly string[]): void {
    this.#terminal.write(`${lines.join('\n')}\n`);
  }
}

/** Returns a stage's progress in a form that can be compared. */
function amountOf(stage: Observation['stages'][number] | undefined): string {
  return JSON.stringify([stage?.shards, stage?.students]);
}
