import { count, duration, percent } from '../format.ts';
import type { Progress } from '../run/context.ts';
import { StageTally, timeLeftText } from './stage-tally.ts';
import { styled, type Terminal } from './terminal.ts';

/** Minimum interval between redraws on a terminal, in ms; more frequent ones flicker. */
const redrawMs = 100;
/** Minimum interval between progress lines when output is not a terminal, in ms. */
const plainLineMs = 10_000;
const barWidth = 24;

/** Display of a run's progress. */
export interface ProgressView {
  update(progress: Progress): void;
  /** Ends the last stage; `completed` is false if it was stopped. */
  end(completed: boolean): void;
}

/** Display for --json: shows nothing. */
export const silentProgress: ProgressView = { update: () => {}, end: () => {} };

/** Creates a display that shows messages alone. */
export function messagesOnly(terminal: Terminal): ProgressView {
  return {
    update({ message, level }) {
      if (message !== undefined) terminal.write(`${messageLine(terminal, message, level)}\n`);
    },
    end: () => {},
  };
}

function messageLine(terminal: Terminal, message: string, level: Progress['level']): string {
  const label = level === 'warning' ? styled(terminal, 'yellow', 'warning:') : '·';
  return `${label} ${message}`;
}

/**
 * Creates a progress display. On a terminal, one line per stage changes in place. Elsewhere, plain
 * lines appear at a stage's start, at its end and at most every ten seconds. Messages are shown at
 * once.
 */
export function createProgress(
  terminal: Terminal,
  nowMs: () => number = () => performance.now(),
): ProgressView {
  let tally: StageTally | undefined;
  const past = new Set<string>();
  let shownAtMs = Number.NEGATIVE_INFINITY;
  const live = terminal.isTTY === true;

  const clear = () => live && terminal.write('\r\u001b[K');
  const say = (text: string) => {
    clear();
    terminal.write(`${text}\n`);
  };

  function show(stage: StageTally): void {
    const atMs = nowMs();
    if (atMs - shownAtMs < (live ? redrawMs : plainLineMs)) return;
    shownAtMs = atMs;
    if (!live) terminal.write(`${plainLine(stage)}\n`);
    else {
      clear();
      terminal.write(liveLine(stage, terminal));
    }
  }

  function end(completed: boolean): void {
    if (tally === undefined) return;
    const mark = completed ? styled(terminal, 'green', '✓') : '-';
    const seconds = (nowMs() - tally.startedAtMs) / 1000;
    const [first] = tally.amounts;
    const amount = first && first.done > 0 ? `${count(first.done)} ${first.unit}`.trimEnd() : '';
    const time = completed ? `in ${duration(seconds)}` : `stopped after ${duration(seconds)}`;
    say(`${mark} ${[tally.stage, amount, time].filter(Boolean).join(' ')}`);
    past.add(tally.stage);
    tally = undefined;
  }

  function begin(stage: string): StageTally {
    end(true);
    shownAtMs = live ? Number.NEGATIVE_INFINITY : nowMs();
    if (!live) terminal.write(`${stage} …\n`);
    tally = new StageTally(stage, nowMs());
    return tally;
  }

  return {
    update(progress) {
      const { stage, message, level } = progress;
      if (message !== undefined) say(messageLine(terminal, message, level));
      // Ignores a late update of a stage whose end is already shown.
      if (past.has(stage)) return;
      const current = tally?.stage === stage ? tally : begin(stage);
      current.add(progress, nowMs());
      show(current);
    },
    end,
  };
}

function plainLine(stage: StageTally): string {
  return [`  ${stage.stage} ${amountOf(stage)}`, ...paceOf(stage)].join(', ');
}

/** Renders as much as fits: leaves out the time left, then the rate, then the bar. */
function liveLine(stage: StageTally, terminal: Terminal): string {
  const columns = (terminal.columns || 80) - 1;
  const { share } = stage;
  const filled = Math.round((share ?? 0) * barWidth);
  const text = `${stage.stage} ${amountOf(stage)}`.trimEnd();
  const pace = paceOf(stage);
  for (let keep = pace.length; keep >= 0; keep--) {
    const line = [text, ...pace.slice(0, keep)].join('  ');
    if (share !== undefined && line.length + barWidth + 2 <= columns) {
      const done = styled(terminal, 'cyan', '━'.repeat(filled));
      return `${done}${styled(terminal, 'gray', '─'.repeat(barWidth - filled))}  ${line}`;
    }
    if (share === undefined && line.length <= columns) return line;
  }
  return text.slice(0, columns);
}

/** @example "31,200 examples, 5 of 12 shards (42%)" */
function amountOf({ amounts, share }: StageTally): string {
  // Parts that have not begun lack a total, so only the stage's own total is shown if it has one.
  const whole = amounts.at(-1);
  const texts = amounts.map((amount) => {
    const total = amount === whole && amount.total ? ` of ${count(amount.total)}` : '';
    return `${count(amount.done)}${total} ${amount.unit}`.trimEnd();
  });
  return `${texts.join(', ')}${share === undefined ? '' : ` (${percent(share, 0)})`}`;
}

/** @example ["23/s", "2 min 3 s to 5 min 14 s left"] */
function paceOf({ ratePerSecond, timeLeft }: StageTally): string[] {
  if (ratePerSecond === undefined) return [];
  const rate = `${ratePerSecond < 10 ? ratePerSecond.toFixed(1) : count(ratePerSecond)}/s`;
  return timeLeft === undefined ? [rate] : [rate, timeLeftText(timeLeft)];
}
