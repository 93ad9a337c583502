import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { type JobEvent, jobEvent } from '../run/events.ts';
import type { StartedRun } from '../stages/start.ts';
import { patient } from '../store/patience.ts';

/** Creates a client that retries patiently. */
export function openStepFunctions(): SFNClient {
  return new SFNClient(patient());
}

/** Returns the ARN of an execution by the machine's ARN and the execution's name. */
export function executionArn(machine: string, name: string): string {
  return `${machine.replace(':stateMachine:', ':execution:')}:${name}`;
}

/** Names an execution: the first has its run's name, later ones add the number of the attempt. */
export function executionName(run: string, attempt: number): string {
  return attempt === 1 ? run : `${run}-attempt-${attempt}`;
}

/** Returns the run of an execution, by the execution's name. */
export function runOf(executionName: string): string {
  return executionName.replace(/-attempt-\d{1,3}$/, '');
}

/** Returns the number of an execution among those of its run, from 1, by the execution's name. */
export function attemptOf(executionName: string): number {
  return Number(/-attempt-(\d{1,3})$/.exec(executionName)?.[1] ?? 1);
}

/** Returns the name of the dataset of a run, by the run's name. */
export function datasetOfRun(run: string): string {
  return run.replace(/-[0-9a-f]{12}$/, '');
}

/** Run to start, with the last result that is wanted; absent: all. */
export type WantedRun = StartedRun & Pick<JobEvent, 'until'>;

/**
 * Starts the execution of a run. Its name is the lock: a second call finds the execution, running
 * or ended, and does not start another.
 * @param attempt 1, or one more than the newest: see `newestAttempt`.
 * @returns the execution's ARN.
 */
export async function startExecution(
  machine: string,
  started: WantedRun,
  attempt = 1,
): Promise<string> {
  const name = executionName(started.run, attempt);
  const { run, dataset, results, until } = started;
  const execution = executionArn(machine, name);
  const input: JobEvent = { run, dataset, results, execution, ...(until && { until }) };
  const command = new StartExecutionCommand({
    stateMachineArn: machine,
    name,
    input: JSON.stringify(input),
  });
  try {
    await openStepFunctions().send(command);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ExecutionAlreadyExists') throw error;
  }
  return execution;
}

/** Execution of the state machine. */
export interface Execution {
  readonly arn: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE';
  readonly startedAt: Date;
  readonly stoppedAt: Date | undefined;
}

/** Returns whether an execution runs, or is about to. */
export function isOpen(status: Execution['status']): boolean {
  return status === 'RUNNING' || status === 'PENDING_REDRIVE';
}

/** Execution with the reason of its failure. */
export interface DescribedExecution extends Execution {
  /** Error of an execution that failed. */
  readonly error: string | undefined;
  readonly cause: string | undefined;
  /** Number of times that it was redriven: resumed by Step Functions itself. */
  readonly redriveCount: number;
  /** Last result of the execution; undefined: all. */
  readonly until: JobEvent['until'];
}

/** Describes an execution. @returns undefined if it does not exist. */
export async function describeExecution(arn: string): Promise<DescribedExecution | undefined> {
  try {
    const found = await openStepFunctions().send(
      new DescribeExecutionCommand({ executionArn: arn }),
    );
    return {
      arn,
      status: found.status!, // Always present, although the SDK's types allow undefined.
      startedAt: found.startDate!,
      stoppedAt: found.stopDate,
      error: found.error,
      cause: found.cause,
      redriveCount: found.redriveCount ?? 0,
      until: untilOf(found.input),
    };
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return undefined;
    throw error;
  }
}

/** Returns the last result that an execution was started for, by its input. */
function untilOf(input: string | undefined): JobEvent['until'] {
  const { data } = jobEvent.pick({ until: true }).safeParse(JSON.parse(input ?? '{}'));
  return data?.until;
}

/** Execution with its run and its number among the run's executions. */
export interface Attempt extends DescribedExecution {
  readonly run: string;
  /** From 1. */
  readonly attempt: number;
}

/**
 * Finds the newest execution of a run. Each later execution resumes after the failure of the
 * previous one.
 * @returns undefined if the run has none: it has not been started, or more than 90 days ago.
 */
export async function newestAttempt(machine: string, run: string): Promise<Attempt | undefined> {
  let newest: Attempt | undefined;
  for (let attempt = 1; ; attempt++) {
    const arn = executionArn(machine, executionName(run, attempt));
    const execution = await describeExecution(arn);
    if (!execution) return newest;
    newest = { ...execution, run, attempt };
  }
}

/** Execution with its run, as a listing has it. */
export interface ListedExecution extends Execution {
  readonly run: string;
}

/** Number of executions listed: one page, which is more than a person reads. */
const listedExecutions = 1_000;

/**
 * Lists the newest executions of a machine, the newest first.
 * @param status lists only executions with this status. Default: all.
 */
export async function listExecutions(
  machine: string,
  status?: Execution['status'],
): Promise<ListedExecution[]> {
  const { executions = [] } = await openStepFunctions().send(
    new ListExecutionsCommand({
      stateMachineArn: machine,
      maxResults: listedExecutions,
      statusFilter: status,
    }),
  );
  return executions.map(({ executionArn, name, status, startDate, stopDate }) => ({
    arn: executionArn!,
    run: runOf(name!),
    status: status!,
    startedAt: startDate!,
    stoppedAt: stopDate,
  }));
}
