import type { ListedExecution } from '../aws/executions.ts';
import type { StageStatus } from '../aws/status.ts';
import { count, counted, duration, minute, percent, usd } from '../format.ts';
import { asTyped } from './as-typed.ts';
import type { Observation } from './run-observer.ts';
import { timeLeftText } from './stage-tally.ts';
import { alignedRows, styled, type Terminal } from './terminal.ts';

const statusWords = {
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timed out',
  ABORTED: 'aborted',
  PENDING_REDRIVE: 'failed',
} as const;

/** Lists the newest runs, one line per run. */
export function renderRuns(runs: readonly ListedExecution[], now: Date): string {
  if (runs.length === 0) {
    return asTyped('There is no run yet. A batch starts one: counterweight upload FOLDER');
  }
  const rows = runs.map(({ run, status, startedAt, stoppedAt }) => [
    run,
    statusWords[status],
    minute(startedAt),
    duration(secondsBetween(startedAt, stoppedAt ?? now)),
  ]);
  return [
    ...alignedRows([['run', '', 'started (UTC)', 'for'], ...rows]),
    '',
    asTyped(`Status of a run: counterweight status ${runs[0]?.run}`),
  ].join('\n');
}

/** Shows the state of a run, and the command to run next. */
export function renderStatus(seen: Observation, terminal: Terminal): string {
  return [
    ...renderHead(seen, terminal),
    '',
    ...stageRows(seen).map((row) => renderStage(row, terminal)),
    '',
    ...renderCost(seen),
    ...renderOutcome(seen, terminal),
  ]
    .join('\n')
    .trimEnd();
}

/** Shows the run's name, attempt and status, and its dataset. */
export function renderHead(seen: Observation, terminal: Terminal): string[] {
  const { run, attempt, status, refused, startedAt, endedAt, at, dataset } = seen;
  const passed = duration(secondsBetween(startedAt ?? at, endedAt ?? at));
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  const preposition = status === 'SUCCEEDED' ? 'in' : status === 'RUNNING' ? 'for' : 'after';
  const word = refused ? 'refused' : statusWords[status];
  const head = `${styled(terminal, 'bold', run)}${again}: ${word} ${preposition} ${passed}`;
  return [head, ...(dataset === undefined ? [] : [dataset])];
}

const marks = {
  waiting: ['·', 'dim'],
  skipped: ['–', 'dim'],
  running: ['▸', 'cyan'],
  done: ['✓', 'green'],
  failed: ['✗', 'red'],
  aborted: ['■', 'yellow'],
} as const;

/** Line of a stage. Its columns are as wide as those of the other stages. */
export interface StageRow {
  readonly state: StageStatus['state'];
  readonly columns: readonly string[];
}

/** Lays out one line per stage. */
export function stageRows(seen: Observation): StageRow[] {
  const rows = seen.stages.map((stage) => [stage.name, stateText(stage, seen)]);
  const widths = [0, 1].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return seen.stages.map((stage, i) => ({
    state: stage.state,
    columns: [
      ...rows[i]!.map((cell, column) => cell.padEnd(widths[column]!)),
      [...shardTexts(stage, seen), ...studentTexts(stage)].join(', '),
    ],
  }));
}

/** Renders the line of a stage with its mark. */
export function renderStage({ state, columns }: StageRow, terminal: Terminal): string {
  const [mark, style] = marks[state];
  const text = columns.join('  ').trimEnd();
  const isPale = state === 'waiting' || state === 'skipped';
  return `${styled(terminal, style, mark)} ${isPale ? styled(terminal, 'dim', text) : text}`;
}

function stateText(
  { state, startedAt, endedAt }: StageStatus,
  { status, at }: Observation,
): string {
  const passed = duration(secondsBetween(startedAt ?? at, endedAt ?? at));
  const texts = {
    waiting:
      status === 'RUNNING' ? 'waiting' : status === 'SUCCEEDED' ? 'not wanted' : 'not reached',
    skipped: 'not needed',
    running: `running for ${passed}`,
    done: `done in ${passed}`,
    failed: `failed after ${passed}`,
    aborted: `aborted after ${passed}`,
  };
  return texts[state];
}

function shardTexts({ state, shards }: StageStatus, seen: Observation): string[] {
  if (!shards) return [];
  const { done, failed, running, total } = shards;
  const failures = failed > 0 ? [`${count(failed)} failed`] : [];
  if (state === 'done') return [counted(done, 'shard'), ...failures];
  const share = total > 0 ? ` (${percent(done / total, 0)})` : '';
  const amount = `${count(done)} of ${counted(total, 'shard')}${share}`;
  if (state !== 'running') return [amount, ...failures];
  const { ratePerSecond: rate, timeLeft: left } = seen;
  return [
    amount,
    ...failures,
    ...(running > 0 ? [`${count(running)} at once`] : []),
    ...(rate === undefined ? [] : [`${rate < 10 ? rate.toFixed(1) : count(rate)}/s`]),
    ...(left === undefined ? [] : [timeLeftText(left)]),
  ];
}

function studentTexts({ state, students }: StageStatus): string[] {
  if (students.length === 0) return [];
  const named = (wanted: string) =>
    students.filter((student) => student.state === wanted).map(({ name }) => name);
  const [training, done, failed] = [named('training'), named('done'), named('failed')];
  if (state === 'done') return [counted(done.length, 'student')];
  return [
    `${count(done.length)} of ${counted(students.length, 'student')}`,
    ...(failed.length > 0 ? [`failed: ${failed.join(' ')}`] : []),
    ...(training.length > 0 && state === 'running' ? [`training: ${training.join(' ')}`] : []),
  ];
}

/** Shows cost and estimate of the run; nothing while the cost is unknown. */
export function renderCost({ status, spentUsd, estimatedUsd }: Observation): string[] {
  const estimate = estimatedUsd === undefined ? '' : `, estimated ${usd(estimatedUsd)}`;
  if (spentUsd === undefined) return [];
  return [`${status === 'RUNNING' ? 'cost so far' : 'cost'}: ${usd(spentUsd)}${estimate}`];
}

/** Shows the result of a run that has ended, and the command to run next. */
export function renderOutcome(seen: Observation, terminal: Terminal): string[] {
  const { run, status, until, failure, refused, publication } = seen;
  const flag = until === 'labels' ? ' --labels' : '';
  if (status === 'SUCCEEDED') {
    return [
      ...(publication
        ? [`${publication.published ? 'published' : 'not published'}: ${publication.reason}`]
        : []),
      '',
      asTyped(`Next: counterweight fetch ${run}${flag}`),
    ];
  }
  if (!failure) return [];
  // A run with wrong input fails again: the hint names the fix instead.
  const canResume = failure.error !== 'UserError';
  return [
    '',
    ...renderFailure(seen, terminal),
    '',
    ...(refused ? [] : [asTyped(`Its log: counterweight logs ${run}`)]),
    ...(canResume ? [asTyped(`Resume it: counterweight start ${run}${flag}`)] : []),
  ];
}

/** Shows the stage that failed, the error and its hint. */
export function renderFailure(
  { status, failure }: Pick<Observation, 'status' | 'failure'>,
  terminal: Terminal,
): string[] {
  if (!failure) return [];
  const { stage, part, message, hint } = failure;
  const where = [stage ?? 'The run', ...(part === undefined ? [] : [`(${part})`])].join(' ');
  const isAbort = status === 'ABORTED';
  const label = styled(terminal, isAbort ? 'yellow' : 'red', isAbort ? 'aborted:' : 'error:');
  return [`${label} ${where}: ${message}`, ...(hint === undefined ? [] : [asTyped(hint)])];
}

/**
 * Returns the seconds between two times, at least 0: the clocks of this machine and of AWS may
 * differ.
 */
function secondsBetween(start: Date, end: Date): number {
  return Math.max(0, (end.getTime() - start.getTime()) / 1000);
}
