import { GetExecutionHistoryCommand, type HistoryEvent, type SFNClient } from '@aws-sdk/client-sfn';
import { stages } from '../stages/index.ts';
import type { Execution } from './executions.ts';

/** How far an execution went, by its history. */
export interface Trace {
  /** In the order of the workflow. */
  readonly stages: readonly StageTrace[];
  /** Whether this very execution recorded why the run failed, and not an earlier attempt. */
  readonly recordedFailure: boolean;
}

export interface StageTrace {
  readonly name: string;
  /** `skipped`: the execution went past it. */
  readonly state: 'waiting' | 'skipped' | 'running' | 'done' | 'failed' | 'aborted';
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  /** ARN of its Map Run, for a stage that has an execution of its own for every shard. */
  readonly mapRun: string | undefined;
  /** How far each student is, in the order of the plan, for a stage that iterates over them. */
  readonly students: readonly StudentState[];
}
export type StudentState = 'waiting' | 'training' | 'done' | 'failed';

/** The state that every Catch of the workflow leads to. */
export const failureState = stages.RecordFailure.title;

/** Events of one page: as many as Step Functions gives. */
const pageEvents = 1000;

/** All events of an execution, oldest first; Step Functions allows 25,000. */
export async function readHistory(client: SFNClient, execution: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new GetExecutionHistoryCommand({
        executionArn: execution,
        includeExecutionData: false,
        maxResults: pageEvents,
        nextToken,
      }),
    );
    events.push(...(page.events ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return events;
}

/**
 * What happened in an execution of a workflow whose stages are in a line.
 * @param names of the stages, in that line's order.
 * @param execution how it stands: a history may be behind, and lack its end.
 */
export function traceHistory(
  names: readonly string[],
  events: readonly HistoryEvent[],
  { status, stoppedAt }: Pick<Execution, 'status' | 'stoppedAt'>,
): Trace {
  const visits = new Map<string, Visit>();
  let last: Visit | undefined;
  let failed: Visit | undefined;
  for (const event of events) {
    const name = event.stateEnteredEventDetails?.name;
    if (name === failureState) failed = last;
    if (name !== undefined && names.includes(name)) {
      last = { name, startedAt: event.timestamp, endedAt: undefined, mapRun: undefined };
      visits.set(name, last);
    }
    if (last) follow(last, event);
  }
  const reached = last ? names.indexOf(last.name) : -1;
  const stages = names.map((name, place): StageTrace => {
    const visit = visits.get(name);
    if (!visit) return unvisited(name, place < reached ? 'skipped' : 'waiting');
    const state = visit === failed ? 'failed' : visit.endedAt ? 'done' : openState(status);
    return { students: [], ...visit, state, endedAt: visit.endedAt ?? stoppedAt };
  });
  const recordedFailure = events.some(
    ({ stateExitedEventDetails: exited }) => exited?.name === failureState,
  );
  return { stages, recordedFailure };
}

/** A stage that was entered. */
interface Visit {
  readonly name: string;
  readonly startedAt: Date | undefined;
  endedAt: Date | undefined;
  mapRun: string | undefined;
  students?: StudentState[];
}

/** Takes into a stage what an event after its entry says of it. */
function follow(visit: Visit, event: HistoryEvent): void {
  if (event.stateExitedEventDetails?.name === visit.name) visit.endedAt = event.timestamp;
  const mapRun = event.mapRunStartedEventDetails?.mapRunArn;
  if (mapRun !== undefined) visit.mapRun = mapRun;
  const iterations = [
    ['training', event.mapIterationStartedEventDetails],
    ['done', event.mapIterationSucceededEventDetails],
    ['failed', event.mapIterationFailedEventDetails],
    ['waiting', event.mapIterationAbortedEventDetails],
  ] as const;
  for (const [state, details] of iterations) {
    if (details?.index === undefined) continue;
    visit.students ??= [];
    visit.students[details.index] = state;
  }
}

function unvisited(name: string, state: 'skipped' | 'waiting'): StageTrace {
  const times = { startedAt: undefined, endedAt: undefined };
  return { name, state, ...times, mapRun: undefined, students: [] };
}

/** A stage that was entered and not left, by how the execution stands. */
function openState(status: Execution['status']): StageTrace['state'] {
  if (status === 'RUNNING') return 'running';
  // The history may be a moment behind the status.
  if (status === 'SUCCEEDED') return 'done';
  return status === 'ABORTED' ? 'aborted' : 'failed';
}
