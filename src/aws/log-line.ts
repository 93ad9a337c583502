import type { FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import { z } from 'zod';
import { tryParseJson } from '../json.ts';

/** Line of a log, written by a task, by Lambda's runtime or by Lambda itself. */
export interface LogLine {
  readonly time: Date;
  readonly group: string;
  /** Log stream: one environment of one function, or one job. */
  readonly stream: string;
  /** Unparsed line. */
  readonly raw: string;
  /** Such as `INFO` or `ERROR`; undefined if the line has none. */
  readonly level: string | undefined;
  readonly message: string;
  readonly requestId: string | undefined;
  readonly run: string | undefined;
  /** Name in `src/stages/index.ts`. */
  readonly task: string | undefined;
  /** Shard or student of the task. */
  readonly part: string | undefined;
  /** Other fields of the line, such as "ms" or "error". */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
  readonly stack: readonly string[];
}

/** Error of a function as Lambda's runtime logs it. */
const thrown = z.object({
  errorType: z.string(),
  errorMessage: z.string(),
  stackTrace: z.array(z.string()).default([]),
});

/** Line of our logger (`functions/lambda.ts`) or of Lambda's runtime. */
const written = z.looseObject({
  level: z.string(),
  message: z.unknown(),
  function_request_id: z.string().optional(),
  requestId: z.string().optional(),
  run: z.string().optional(),
  task: z.string().optional(),
  shard: z.string().optional(),
  variant: z.string().optional(),
});

/** Line of Lambda itself: the start, the end or the report of a request. */
const platform = z.object({
  type: z.string().startsWith('platform.'),
  record: z.looseObject({
    requestId: z.string().optional(),
    metrics: z.looseObject({}).optional(),
  }),
});

/** Fields of every line, which do not describe what happened. */
const common = new Set([
  ...Object.keys(written.shape),
  'timestamp',
  'service',
  'sampling_rate',
  'xray_trace_id',
  'cold_start',
  'function_name',
  'function_memory_size',
  'function_arn',
  'requestId',
  'version',
]);

/** Parses a line. Text that is not JSON of a known form becomes the message. */
export function parseLogLine(group: string, event: FilteredLogEvent): LogLine {
  const { timestamp, logStreamName, message } = event;
  const raw = (message ?? '').trimEnd();
  const plain = {
    time: new Date(timestamp ?? 0),
    group,
    stream: logStreamName ?? '',
    raw,
    level: undefined,
    message: raw,
    requestId: /RequestId: ([0-9a-f-]{36})/.exec(raw)?.[1],
    run: undefined,
    task: undefined,
    part: undefined,
    facts: {},
    stack: [],
  };
  const json = tryParseJson(raw);
  const ours = written.safeParse(json).data;
  if (ours) {
    const error = thrown.safeParse(ours).data ?? thrown.safeParse(ours.message).data;
    const { level, message, run, task, errorType, errorMessage, ...others } = ours;
    return {
      ...plain,
      level,
      run,
      task,
      message: error ? `${error.errorType}: ${error.errorMessage}` : textOf(message),
      requestId: ours.function_request_id ?? ours.requestId,
      part: ours.shard ?? ours.variant,
      facts: factsOf(others),
      stack: error && error.errorType !== 'UserError' ? error.stackTrace : [],
    };
  }
  const itself = platform.safeParse(json).data;
  if (itself) {
    const { requestId, metrics, ...record } = itself.record;
    const message = itself.type.replace('platform.', 'Lambda: ');
    return { ...plain, message, requestId, facts: factsOf({ ...record, ...metrics }) };
  }
  return plain;
}

function textOf(message: unknown): string {
  return typeof message === 'string' ? message : JSON.stringify(message);
}

function factsOf(fields: Readonly<Record<string, unknown>>): LogLine['facts'] {
  const facts: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (common.has(name)) continue;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      facts[name] = value;
    }
  }
  return facts;
}
