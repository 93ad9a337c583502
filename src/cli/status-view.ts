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

/** A log with more lines than this is not read. */
const plainLineMs = 10_000;

/** Shows how a run goes on. */
export interface StatusView {
  show(seen: Observation): void;
  /** Says why nothing new is shown. */
  note(text: string): void;
  end(seen: Observation): void;
}

/** With --json: nothing. */
export const silentView: StatusView = { show: () => {}, note: () => {}, end: () => {} };

/** On a terminal one picture that changes in place; elsewhere a line for everything that changes. */
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

  /** Lines that are too long are cut by the terminal, not wrapped: else the height would be wrong. */
  #draw(text: string): void {
    this.#erase();
    this.#terminal.write(`\u001b[?7l${text}\n\u001b[?7h`);
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

/** What a stage has done, as something that can be compared. */
function amountOf(stage: Observation['stages'][number] | undefined): string {
  return JSON.stringify([stage?.shards, stage?.students]);
}
