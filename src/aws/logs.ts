import {
  CloudWatchLogsClient,
  type FilteredLogEvent,
  FilterLogEventsCommand,
  type FilterLogEventsCommandOutput,
} from '@aws-sdk/client-cloudwatch-logs';
import { patient } from '../store/patience.ts';
import type { DeployedStack } from './deployment.ts';
import { type LogLine, parseLogLine } from './log-line.ts';
import type { RunFailure } from './status.ts';

/** Maximum delay of a line after the end of its request, in ms; the last is Lambda's own. */
const latenessMs = 60_000;

/** Period to search; without an end, until now. */
interface Period {
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
}

interface Query extends Period {
  /** Default: all groups of the deployment. */
  readonly group?: string;
  /** Pattern in CloudWatch's language. LocalStack ignores patterns on fields. */
  readonly pattern?: string;
  readonly stream?: string;
}

/** Log of one run: the lines of all functions and jobs that name it. */
export class RunLogs {
  readonly #client = new CloudWatchLogsClient(patient());
  readonly #groups: readonly string[];
  readonly #run: string;

  constructor(
    { logGroup, trainerLogs }: Pick<DeployedStack, 'logGroup' | 'trainerLogs'>,
    run: string,
  ) {
    this.#groups = trainerLogs === undefined ? [logGroup] : [logGroup, trainerLogs];
    this.#run = run;
  }

  /** Lists all lines that name the run, roughly in order of time. */
  async *lines(period: Period): AsyncGenerator<LogLine> {
    const pattern = `{ $.run = "${this.#run}" }`;
    for await (const line of this.#search({ ...period, pattern })) {
      if (line.run === this.#run) yield line;
    }
  }

  /** Lists the lines of level ERROR. */
  async *errors(period: Period): AsyncGenerator<LogLine> {
    const pattern = `{ $.run = "${this.#run}" && $.level = "ERROR" }`;
    for await (const line of this.#search({ ...period, pattern })) {
      if (line.run === this.#run && line.level === 'ERROR') yield line;
    }
  }

  /**
   * Lists the lines written during the failed request: its own, Lambda's and those of native code,
   * which do not name a request. For a job, which has no requests, lists all lines.
   * @param task the failed task, as `src/stages/index.ts` names it.
   */
  async ofFailure(failure: RunFailure, task: string | undefined): Promise<LogLine[]> {
    const [, named] = /(?:RequestId: |Z )([0-9a-f-]{36})\b/.exec(failure.message) ?? [];
    const known =
      named === undefined
        ? await this.#lastLine(failure, task)
        : await this.#firstMention(named, failure);
    if (!known) return [];
    const { group, stream } = known;
    const requestId = named ?? known.requestId;
    const lines = await this.#sorted({ ...failure, group, stream });
    if (requestId === undefined) return lines;
    const mentions = ({ raw }: LogLine) => raw.includes(requestId);
    return lines.slice(lines.findIndex(mentions), lines.findLastIndex(mentions) + 1);
  }

  async #firstMention(requestId: string, period: Period): Promise<LogLine | undefined> {
    for await (const line of this.#search({ ...period, pattern: `"${requestId}"` })) {
      if (line.raw.includes(requestId)) return line;
    }
    return undefined;
  }

  /** Returns the last log line of the final attempt of the failed task. */
  async #lastLine(failure: RunFailure, task: string | undefined): Promise<LogLine | undefined> {
    let last: LogLine | undefined;
    for await (const line of this.lines(failure)) {
      if (task !== undefined && line.task !== task) continue;
      if (failure.part !== undefined && line.part !== failure.part) continue;
      if (!last || line.time >= last.time) last = line;
    }
    return last;
  }

  async #sorted(query: Query): Promise<LogLine[]> {
    const lines: LogLine[] = [];
    for await (const line of this.#search(query)) lines.push(line);
    return lines.sort((a, b) => a.time.getTime() - b.time.getTime());
  }

  async *#search(query: Query): AsyncGenerator<LogLine> {
    for (const group of query.group === undefined ? this.#groups : [query.group]) {
      yield* this.#searchGroup(group, query);
    }
  }

  async *#searchGroup(
    group: string,
    { startedAt, endedAt, pattern, stream }: Query,
  ): AsyncGenerator<LogLine> {
    let nextToken: string | undefined;
    do {
      const page: FilterLogEventsCommandOutput = await this.#client.send(
        new FilterLogEventsCommand({
          logGroupName: group,
          startTime: startedAt?.getTime(),
          endTime: endedAt && endedAt.getTime() + latenessMs,
          filterPattern: pattern,
          interleaved: true, // In order of time: always so on AWS, but not on LocalStack.
          logStreamNames: stream ? [stream] : undefined,
          nextToken,
        }),
      );
      for (const event of page.events ?? []) {
        if (!isMetrics(event)) yield parseLogLine(group, event);
      }
      nextToken = page.nextToken;
    } while (nextToken);
  }
}

/** Returns whether the line holds metrics, which CloudWatch's embedded format keeps in the log. */
function isMetrics({ message = '' }: FilteredLogEvent): boolean {
  return message.startsWith('{"_aws":');
}
