import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { MapRunItemCounts } from '@aws-sdk/client-sfn';
import { vi } from 'vitest';
import { z } from 'zod';
import type { RecordedEvent } from '../aws/histories.ts';

const account = 'us-east-1:000000000000';
export const machine = `arn:aws:states:${account}:stateMachine:counterweight`;

/** The execution with this name. */
export function executionOf(name: string): string {
  return `arn:aws:states:${account}:execution:counterweight:${name}`;
}

interface FakeExecution {
  readonly status: string;
  /** Seconds since 1970, as Step Functions has all times. */
  readonly startDate: number;
  readonly stopDate?: number;
  readonly input?: string;
  readonly error?: string;
  readonly cause?: string;
  readonly events?: readonly RecordedEvent[];
}

interface FakeLogEvent {
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly timestamp: number;
  readonly message: string;
}

/** The fields of all requests that the fake looks at. */
const requestFields = z.looseObject({
  executionArn: z.string().default(''),
  mapRunArn: z.string().optional(),
  statusFilter: z.string().optional(),
  cause: z.string().optional(),
  maxResults: z.number().default(100),
  nextToken: z.string().default('0'),
  filterPattern: z.string().default(''),
  logGroupName: z.string().default(''),
  logStreamNames: z.array(z.string()).optional(),
  startTime: z.number().default(0),
  endTime: z.number().default(Number.POSITIVE_INFINITY),
});
type Fields = z.infer<typeof requestFields>;

/**
 * Step Functions, CloudWatch Logs, CloudFormation and a bucket of S3 as far as the command line
 * reads them, on a port of the loopback interface. It pages, throttles and filters as they do.
 */
export class FakeAws {
  /** By name. */
  readonly executions = new Map<string, FakeExecution>();
  /** By ARN. */
  readonly mapRuns = new Map<string, Partial<MapRunItemCounts>>();
  /** Executions of shards by the ARN of their Map Run, by name. */
  readonly children = new Map<string, Map<string, FakeExecution>>();
  readonly logEvents: FakeLogEvent[] = [];
  /** LocalStack takes every line to match a pattern on fields. */
  ignoresFieldPatterns = false;
  /** Events of one page of a log; every page is followed by an empty one, as happens. */
  logPageEvents = 3;
  /** Objects of the results bucket. */
  readonly objects = new Map<string, string>();
  isDeployed = true;
  /** Names of errors that the next calls of an operation answer with. */
  readonly faults = new Map<string, string[]>();
  /** Operations that fail every time, as some do that LocalStack does not have. */
  readonly hasInternalError = new Set<string>();
  /** Operations that were called: "GetExecutionHistory". */
  readonly calls: string[] = [];
  readonly #server = createServer((request, response) => this.#answer(request, response));

  /** Points the SDK to the fake, until `stop`. */
  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    // listen() on a port gives an AddressInfo, never a pipe's name.
    const { port } = this.#server.address() as AddressInfo;
    vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${port}`);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    vi.stubEnv('AWS_REGION', 'us-east-1');
  }

  stop(): void {
    vi.unstubAllEnvs();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  count(operation: string): number {
    return this.calls.filter((call) => call === operation).length;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const target = request.headers['x-amz-target'];
    if (typeof target !== 'string') {
      return request.method === 'POST'
        ? this.#answerQuery(response)
        : this.#answerBucket(request, response);
    }
    const operation = target.split('.').at(-1)!;
    this.calls.push(operation);
    const fault = this.faults.get(operation)?.shift();
    const [status, answer] = this.hasInternalError.has(operation)
      ? [500, { __type: 'InternalError', message: 'expected string or bytes-like object' }]
      : fault
        ? [400, { __type: fault, message: 'Rate exceeded' }]
        : this.#perform(operation, requestFields.parse(JSON.parse(body)));
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(answer));
  }

  #perform(operation: string, fields: Fields): [number, object] {
    switch (operation) {
      case 'DescribeExecution': {
        const found = this.#find(fields.executionArn);
        if (!found) return [400, { __type: 'ExecutionDoesNotExist', message: 'no such' }];
        const { events, ...execution } = found;
        return [200, { executionArn: fields.executionArn, stateMachineArn: machine, ...execution }];
      }
      case 'GetExecutionHistory':
        return [200, page('events', this.#find(fields.executionArn)?.events ?? [], fields)];
      case 'ListExecutions':
        return [200, page('executions', this.#list(fields), fields)];
      case 'DescribeMapRun': {
        const itemCounts = this.mapRuns.get(fields.mapRunArn ?? '');
        return [200, { mapRunArn: fields.mapRunArn, status: 'RUNNING', itemCounts }];
      }
      case 'StopExecution': {
        const name = fields.executionArn.split(':').at(-1)!;
        const stopped = { status: 'ABORTED', stopDate: 1, cause: fields.cause ?? '' };
        this.executions.set(name, { ...this.#find(fields.executionArn)!, ...stopped });
        return [200, { stopDate: 1 }];
      }
      case 'FilterLogEvents':
        return [200, this.#filter(fields)];
      default:
        return [400, { __type: 'UnknownOperationException' }];
    }
  }

  #find(arn: string): FakeExecution | undefined {
    const name = arn.split(':').at(-1)!;
    const all = [this.executions, ...this.children.values()];
    return all.map((executions) => executions.get(name)).find(Boolean);
  }

  /** The newest first. */
  #list({ mapRunArn, statusFilter }: Fields): object[] {
    const all = mapRunArn === undefined ? this.executions : this.children.get(mapRunArn);
    return [...(all ?? [])]
      .filter(([, { status }]) => statusFilter === undefined || status === statusFilter)
      .sort(([, a], [, b]) => b.startDate - a.startDate)
      .map(([name, { status, startDate, stopDate }]) => ({
        executionArn: executionOf(name),
        stateMachineArn: machine,
        ...{ name, status, startDate, stopDate },
      }));
  }

  #filter(fields: Fields): object {
    const { filterPattern, logStreamNames, startTime, endTime, nextToken } = fields;
    const found = this.logEvents.filter(
      ({ timestamp, logGroupName, logStreamName, message }) =>
        logGroupName === fields.logGroupName &&
        timestamp >= startTime &&
        timestamp <= endTime &&
        (logStreamNames?.includes(logStreamName) ?? true) &&
        this.#matches(filterPattern, message),
    );
    if (nextToken.startsWith('empty')) return { events: [], nextToken: nextToken.slice(5) };
    const start = Number(nextToken);
    const end = start + this.logPageEvents;
    const more = end < found.length ? { nextToken: `empty${end}` } : {};
    const events = found.slice(start, end);
    return { events: events.map(({ logGroupName, ...event }) => event), ...more };
  }

  #matches(pattern: string, message: string): boolean {
    if (!pattern.startsWith('{')) return message.includes(pattern.replaceAll('"', ''));
    if (this.ignoresFieldPatterns) return true;
    const conditions = [...pattern.matchAll(/\$\.(\w+) = "([^"]*)"/g)];
    try {
      const line = z.record(z.string(), z.unknown()).parse(JSON.parse(message));
      return conditions.every(([, field, value]) => line[field!] === value);
    } catch {
      return false;
    }
  }

  #answerQuery(response: ServerResponse): void {
    this.calls.push('DescribeStacks');
    const outputs = {
      DataBucket: 'data',
      ResultsBucket: 'results',
      StateMachine: machine,
      LogGroup: '/aws/lambda/counterweight',
      Trainer: 'function',
    };
    const members = Object.entries(outputs).map(
      ([key, value]) =>
        `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    );
    response.writeHead(this.isDeployed ? 200 : 400, { 'content-type': 'text/xml' });
    response.end(
      this.isDeployed
        ? `<DescribeStacksResponse><DescribeStacksResult><Stacks><member>
             <StackName>Counterweight</StackName><StackStatus>CREATE_COMPLETE</StackStatus>
             <CreationTime>2026-11-25T00:00:00Z</CreationTime><Outputs>${members.join('')}</Outputs>
           </member></Stacks></DescribeStacksResult></DescribeStacksResponse>`
        : `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>
             <Message>Stack with id Counterweight does not exist</Message></Error></ErrorResponse>`,
    );
  }

  #answerBucket({ method, url }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url ?? '', 'http://results');
    if (searchParams.has('versions')) {
      this.calls.push('ListObjectVersions');
      const versions = [...this.objects.keys()]
        .filter((key) => key.startsWith(searchParams.get('prefix') ?? ''))
        .map(
          (key) => `<Version><Key>${key}</Key><IsLatest>true</IsLatest><ETag>"e"</ETag>
            <VersionId>v</VersionId><Size>0</Size>
            <LastModified>2026-11-25T00:00:00Z</LastModified></Version>`,
        );
      response.end(`<ListVersionsResult>${versions.join('')}</ListVersionsResult>`);
      return;
    }
    const body = this.objects.get(decodeURIComponent(pathname.replace(/^\/results\//, '')));
    const length = Buffer.byteLength(body ?? '');
    response.writeHead(body === undefined ? 404 : 200, {
      etag: '"e"',
      'x-amz-version-id': 'v',
      'content-length': body === undefined ? 0 : length,
    });
    response.end(method === 'HEAD' ? undefined : body);
  }
}

function page(field: string, all: readonly object[], { maxResults, nextToken }: Fields): object {
  const start = Number(nextToken);
  const end = start + maxResults;
  return {
    [field]: all.slice(start, end),
    ...(end < all.length && { nextToken: String(end) }),
  };
}
