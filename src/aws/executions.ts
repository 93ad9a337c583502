import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { JobEvent } from '../run/events.ts';
import type { StartedRun } from '../stages/start.ts';
import { patient } from '../store/patience.ts';

export function openStepFunctions(): SFNClient {
  return new SFNClient(patient());
}

/** The ARN of an execution of a state machine, by their names. */
export function executionArn(machine: string, name: string): string {
  return `${machine.replace(':stateMachine:', ':execution:')}:${name}`;
}

/** The first execution has the name of its run; one after a failure adds its number. */
function executionName(run: string, attempt: number): string {
  return attempt === 1 ? run : `${run}-attempt-${attempt}`;
}

/** The run that an execution belongs to, by its name. */
export function runOf(executionName: string): string {
  return executionName.replace(/-attempt-\d{1,3}$/, '');
}

/**
 * Starts the execution of a run. The name is the lock: the same call again finds it there, running
 * or ended.
 * @param attempt 1, or one more than the newest: see `newestAttempt`.
 * @returns the execution's ARN.
 */
export async function startExecution(
  machine: string,
  started: StartedRun,
  attempt = 1,
): Promise<string> {
  const name = executionName(started.run, attempt);
  const input: JobEvent = { ...started, execution: executionArn(machine, name) };
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
  return input.execution;
}

export interface Execution {
  readonly arn: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE';
  readonly startedAt: Date;
  readonly stoppedAt: Date | undefined;
}

export interface DescribedExecution extends Execution {
  /** Why it ended, unless it did well. */
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

/** @returns undefined when there is no such execution. */
export async function describeExecution(arn: string): Promise<DescribedExecution | undefined> {
  try {
    const found = await openStepFunctions().send(
      new DescribeExecutionCommand({ executionArn: arn }),
    );
    return {
      arn,
      status: found.status!, // Always there, which the SDK's types do not say.
      startedAt: found.startDate!,
      stoppedAt: found.stopDate,
      error: found.error,
      cause: found.cause,
    };
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return undefined;
    throw error;
  }
}

export interface Attempt extends DescribedExecution {
  readonly run: string;
  /** From 1. */
  readonly attempt: number;
}

/**
 * The newest execution of a run. Each one after the first was started because the one before it
 * failed, and goes on from what that one did.
 * @returns undefined when the run has none: it was not started yet, or more than 90 days ago.
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

/** What became of the wish that a run goes on. */
export interface Beginning {
  readonly state: 'started' | 'running' | 'done';
  readonly attempt: number;
}

/**
 * Starts a run's first execution, or, when the newest one failed or was aborted, the next. One that
 * runs or is done is left alone.
 */
export async function begin(machine: string, started: StartedRun): Promise<Beginning> {
  const newest = await newestAttempt(machine, started.run);
  if (newest?.status === 'RUNNING') return { state: 'running', attempt: newest.attempt };
  if (newest?.status === 'SUCCEEDED') return { state: 'done', attempt: newest.attempt };
  const attempt = (newest?.attempt ?? 0) + 1;
  await startExecution(machine, started, attempt);
  return { state: 'started', attempt };
}

export interface ListedExecution extends Execution {
  readonly run: string;
}

/** As many as one listing has, which is more than a person reads. */
const listedExecutions = 1_000;

/**
 * The newest executions of a machine, the newest first.
 * @param status only those; default: all.
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
