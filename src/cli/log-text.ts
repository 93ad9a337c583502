import type { LogLine } from '../aws/log-line.ts';
import type { RunStatus } from '../aws/status.ts';
import { counted } from '../format.ts';
import { hasStoredMessage } from '../run/hidden-message.ts';
import { asTyped } from './as-typed.ts';
import { renderFailure } from './status-text.ts';
import { styled, type Terminal } from './terminal.ts';

/** Log of a run as the command `logs` shows it. */
export interface RunLog extends Pick<RunStatus, 'run' | 'status' | 'failure'> {
  /** Lines written during the failed call of a task. */
  readonly failureLines: readonly LogLine[];
  /** First errors of other calls. */
  readonly otherErrors: readonly LogLine[];
  readonly otherErrorCount: number;
}

/** Renders the failure, the lines of the failed call, then the other errors. */
export function renderLog(log: RunLog, terminal: Terminal): string {
  const { run, status, failure, otherErrors, otherErrorCount } = log;
  const failureLines = log.failureLines.filter((line) => !isRepetition(line, failure));
  const lines = (all: readonly LogLine[]) => all.map((line) => renderLine(line, terminal));
  const hidden = otherErrorCount - otherErrors.length;
  return [
    ...(failure
      ? renderFailure(log, terminal)
      : [`${run} ${status === 'RUNNING' ? 'has not failed so far' : 'did not fail'}.`]),
    ...(failureLines.length > 0 ? ['', ...lines(failureLines)] : []),
    ...(failure && failureLines.length === 0
      ? ['', 'The failed task has no log lines. To see all lines: --all']
      : []),
    '',
    ...(otherErrorCount > 0
      ? [`${counted(otherErrorCount, failure ? 'other error' : 'error')}:`, ...lines(otherErrors)]
      : [failure ? 'No other error.' : 'No error, retried ones included.']),
    ...(hidden > 0 ? [asTyped(`… and ${hidden} more: counterweight logs ${run} --all`)] : []),
  ].join('\n');
}

/** Returns true for the log line of a UserError: its message is already shown above it. */
function isRepetition({ message }: LogLine, failure: RunLog['failure']): boolean {
  if (failure?.error !== 'UserError') return false;
  return message.includes(failure.message) || hasStoredMessage(message);
}

const levelStyles = { ERROR: 'red', CRITICAL: 'red', WARN: 'yellow' } as const;

/**
 * Renders one line, followed by its stack trace.
 * @example "2026-11-25T12:03:04.123Z  ERROR  Label 8f3a0c  The task failed, error: UserError"
 */
export function renderLine(line: LogLine, terminal: Terminal): string {
  const { time, level = '', task, part, message, facts, stack } = line;
  const style = Object.entries(levelStyles).find(([name]) => name === level)?.[1];
  const shownLevel = level.padEnd(5);
  const texts = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  return [
    [
      styled(terminal, 'dim', time.toISOString()),
      style ? styled(terminal, style, shownLevel) : shownLevel,
      ...(task === undefined ? [] : [[task, part].filter(Boolean).join(' ')]),
      [message, ...texts].join(', '),
    ].join('  '),
    ...stack.map((call) => `    ${call}`),
  ].join('\n');
}
