import {
  CloudWatchLogsClient,
  type FilteredLogEvent,
  FilterLogEventsCommand,
  type FilterLogEventsCommandOutput,
} from '@aws-sdk/client-cloudwatch-logs';
import { patient } from '../store/patience.ts';
import type { Deployed } from './deployment.ts';
import { type LogLine, parseLogLine } from './log-line.ts';
import type { RunFailure } from './status.ts';

/** Lines come this late at most: Lambda's own last one after the request is over. */
const latenessMs = 60_000;

/** When to look; an end that is open means until now. */
interface Period {
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
}

/** Of the jobs that train on a GPU (`infra/trainer-stack.ts`). */
const trainerLogGroup = '/aws/batch/counterweight-trainer';

interface Query extends Period {
  /** Default: all that there are. */
  readonly group?: string;
  /** In CloudWatch's language. A server may ignore it, as LocalStack does with those on fields. */
  readonly pattern?: string;
  readonly stream?: string;
}

/** The log of everything that is deployed, as far as it is about one run. */
export class RunLogs {
  readonly #client = new CloudWatchLogsClient(patient());
  readonly #groups: readonly string[];
  readonly #run: string;

  constructor({ logGroup, trainer }: Pick<Deployed, 'logGroup' | 'trainer'>, run: string) {
    this.#groups = trainer === 'gpu' ? [logGroup, trainerLogGroup] : [logGroup];
    this.#run = run;
  }

  /** All lines that name the run, about in the order of time. */
  async *lines(period: Period): AsyncGenerator<LogLine> {
    const pattern = `{ $.run = "${this.#run}" }`;
    for await (const line of this.#search({ ...period, pattern })) {
      if (line.run === this.#run) yield line;
    }
  }

  /** Those that tell of an error. */
  async *errors(period: Period): AsyncGenerator<LogLine> {
    const pattern = `{ $.run = "${this.#run}" && $.level = "ERROR" }`;
    for await (const line of this.#search({ ...period, pattern })) {
      if (line.run === this.#run && line.level === 'ERROR') yield line;
    }
  }

  /**
   * All that was written while the request ran that failed: its own lines, Lambda's and those that
   * native code wrote without saying for which request. Of a job, which has no requests, all lines.
   * @param task the one that failed, as `functions/index.ts` names it.
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

  /** The last one about the task that failed: by the try after which nothing retried it. */
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
          interleaved: true, // By time, not stream by stream: what AWS always does, and LocalStack not.
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

/** Metrics are written to the log, too, in CloudWatch's own format. */
function isMetrics({ message = '' }: FilteredLogEvent): boolean {
  return message.startsWith('{"_aws":');
}
