import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { patient } from './client-options.ts';
import { type LogLine, parseLogLine } from './log-line.ts';
import type { RunFailure } from './status.ts';

/** Lines come this late at most: Lambda's own last one after the request is over. */
const latenessMs = 60_000;

/** When to look; an end that is open means until now. */
interface Period {
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
}

interface Query extends Period {
  /** In CloudWatch's language. A server may ignore it, as LocalStack does with those on fields. */
  readonly pattern?: string;
  readonly stream?: string;
}

/** The log of everything that is deployed, as far as it is about one run. */
export class RunLogs {
  readonly #client = new CloudWatchLogsClient(patient);
  readonly #logGroup: string;
  readonly #run: string;

  constructor(logGroup: string, run: string) {
    this.#logGroup = logGroup;
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
   * native code wrote without saying for which request.
   * @param task the one that failed, as `functions/index.ts` names it.
   */
  async ofFailure(failure: RunFailure, task: string | undefined): Promise<LogLine[]> {
    const last = await this.#lastRequest(failure, task);
    if (!last) return [];
    const { requestId, stream } = last;
    if (requestId === undefined) return this.#sorted({ ...failure, stream });
    const itsOwn = await this.#sorted({ ...failure, pattern: `"${requestId}"` });
    const lines = await this.#sorted({ ...failure, stream: itsOwn[0]?.stream ?? stream });
    const mentions = ({ raw }: LogLine) => raw.includes(requestId);
    return lines.slice(lines.findIndex(mentions), lines.findLastIndex(mentions) + 1);
  }

  /** A failure of Lambda's names its request; a task's own is that of the last lines about it. */
  async #lastRequest(
    failure: RunFailure,
    task: string | undefined,
  ): Promise<Pick<LogLine, 'requestId' | 'stream'> | undefined> {
    const [, requestId] = /RequestId: ([0-9a-f-]{36})/.exec(failure.message) ?? [];
    if (requestId !== undefined) return { requestId, stream: '' };
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

  async *#search({ startedAt, endedAt, pattern, stream }: Query): AsyncGenerator<LogLine> {
    let nextToken: string | undefined;
    do {
      const page = await this.#client.send(
        new FilterLogEventsCommand({
          logGroupName: this.#logGroup,
          startTime: startedAt?.getTime(),
          endTime: endedAt && endedAt.getTime() + latenessMs,
          filterPattern: pattern,
          logStreamNames: stream ? [stream] : undefined,
          nextToken,
        }),
      );
      yield* (page.events ?? []).map(parseLogLine);
      nextToken = page.nextToken;
    } while (nextToken);
  }
}
