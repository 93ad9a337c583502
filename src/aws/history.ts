import { GetExecutionHistoryCommand, type HistoryEvent, type SFNClient } from '@aws-sdk/client-sfn';
import type { Execution } from './executions.ts';

/** Progress of one stage of an execution, from its history. */
export interface StageTrace {
  readonly name: string;
  /** `skipped`: the execution did not need it. */
  readonly state: 'waiting' | 'skipped' | 'running' | 'done' | 'failed' | 'aborted';
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  /** ARN of the Map Run of a stage with one execution per shard. */
  readonly mapRun: string | undefined;
  /** State of each student, in the order of the plan, for a stage that iterates over them. */
  readonly students: readonly StudentState[];
}
/** State of a student's training. */
export type StudentState = 'waiting' | 'training' | 'done' | 'failed';

/** Events per page: the maximum of Step Functions. */
const pageEvents = 1000;

/** Reads all events of an execution, oldest first: at most 25,000, the limit of Step Functions. */
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
 * Traces an execution of a workflow whose stages form a line.
 * @param names of the stages, in the order of the line.
 * @param execution its current status: the history may lag behind and lack the end.
 * @returns the stages in the order of the workflow.
 */
export function traceHistory(
  names: readonly string[],
  events: readonly HistoryEvent[],
  { status, stoppedAt }: Pick<Execution, 'status' | 'stoppedAt'>,
): StageTrace[] {
  const visits = new Map<string, Visit>();
  let last: Visit | undefined;
  for (const event of events) {
    const name = event.stateEnteredEventDetails?.name;
    if (name !== undefined && names.includes(name)) {
      last = { name, startedAt: event.timestamp, endedAt: undefined, mapRun: undefined };
      visits.set(name, last);
    }
    if (last) follow(last, event);
  }
  const reached = last ? names.indexOf(last.name) : -1;
  return names.map((name, index): StageTrace => {
    const visit = visits.get(name);
    if (!visit) return unvisited(name, index < reached ? 'skipped' : 'waiting');
    const state = visit.endedAt ? 'done' : openState(status);
    return { students: [], ...visit, state, endedAt: visit.endedAt ?? stoppedAt };
  });
}

/** A visit of a stage: its entry and, if it has ended, its end. */
interface Visit {
  readonly name: string;
  readonly startedAt: Date | undefined;
  endedAt: Date | undefined;
  mapRun: string | undefined;
  students?: StudentState[];
}

/** Updates a stage by an event after its entry. */
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
  return {
    name,
    state,
    startedAt: undefined,
    endedAt: undefined,
    mapRun: undefined,
    students: [],
  };
}

/** Returns the state of a stage that was entered and not left, by the execution's status. */
function openState(status: Execution['status']): StageTrace['state'] {
  if (status === 'RUNNING') return 'running';
  // The history may be a moment behind the status.
  if (status === 'SUCCEEDED') return 'done';
  return status === 'ABORTED' ? 'aborted' : 'failed';
}
