import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LogLine, parseLogLine } from '../../src/aws/log-line.ts';
import { RunLogs } from '../../src/aws/logs.ts';
import type { RunFailure } from '../../src/aws/status.ts';
import { FakeAws } from '../support/fake-aws.ts';

const run = 'digits-2f7a91c04be3';
const functions = { logGroup: '/aws/lambda/counterweight', trainerLogs: undefined } as const;
const jobs = '/aws/batch/counterweight-trainer';
const beganAt = Date.UTC(2026, 10, 25, 12);

/** As `functions/lambda.ts` writes it. */
function ours(fields: Record<string, unknown>): string {
  return JSON.stringify({
    level: 'INFO',
    message: 'The task ended',
    timestamp: '2026-11-25T12:00:00.000Z',
    service: 'counterweight',
    cold_start: false,
    function_arn: 'arn:aws:lambda:us-east-1:000000000000:function:Counterweight-Label',
    function_memory_size: '3008',
    function_name: 'Counterweight-Label',
    sampling_rate: 0,
    run,
    ...fields,
  });
}

const uuid = (digit: number) => `8f1c0f6e-1111-4222-8333-44445555666${digit}`;

function parse(message: string): LogLine {
  return parseLogLine('g', { timestamp: beganAt, logStreamName: 's', message });
}

describe('a line', () => {
  test('of a task has its facts, and not what every line has', () => {
    const line = parse(
      ours({ task: 'Label', shard: 'ab12', ms: 12, function_request_id: uuid(1) }),
    );
    expect(line).toMatchObject({
      level: 'INFO',
      message: 'The task ended',
      run,
      task: 'Label',
      part: 'ab12',
      requestId: uuid(1),
    });
    expect(line.facts).toEqual({ ms: 12 });
  });

  test('of the runtime about an error has its stack, unless the user made it', () => {
    const error = (errorType: string) => ({
      timestamp: '2026-11-25T12:00:00.000Z',
      level: 'ERROR',
      requestId: uuid(1),
      message: { errorType, errorMessage: 'Label: no', stackTrace: ['at label (label.ts:3)'] },
    });
    expect(parse(JSON.stringify(error('TypeError')))).toMatchObject({
      message: 'TypeError: Label: no',
      stack: ['at label (label.ts:3)'],
      requestId: uuid(1),
    });
    expect(parse(JSON.stringify(error('UserError'))).stack).toEqual([]);
  });

  test('of Lambda itself reports the end of the request', () => {
    const report = {
      time: '2026-11-25T12:00:00.000Z',
      type: 'platform.report',
      record: {
        requestId: uuid(1),
        status: 'timeout',
        errorType: 'Sandbox.Timedout',
        metrics: { durationMs: 900_000, maxMemoryUsedMB: 412 },
      },
    };
    const line = parse(JSON.stringify(report));
    expect(line).toMatchObject({ message: 'Lambda: report', requestId: uuid(1) });
    expect(line.facts).toEqual({
      status: 'timeout',
      errorType: 'Sandbox.Timedout',
      durationMs: 900_000,
      maxMemoryUsedMB: 412,
    });
  });

  test.each(['Killed', '{"half":', '[1]', 'null', '{"other":"json"}', ''])(
    'that is something else, %j, is shown as it is',
    (raw) => {
      expect(parse(`${raw}\n`)).toMatchObject({ raw, message: raw, run: undefined });
    },
  );
});

describe('the log of a run', () => {
  let aws: FakeAws;
  let logs: RunLogs;
  beforeEach(async () => {
    aws = new FakeAws();
    await aws.start();
    logs = new RunLogs(functions, run);
  });
  afterEach(() => aws.stop());

  const period = { startedAt: new Date(beganAt), endedAt: new Date(beganAt + 100_000) };
  const failure: RunFailure = {
    stage: 'Label',
    part: 'ab12',
    error: 'UserError',
    message: 'ab12 has changed',
    hint: undefined,
    ...period,
  };

  function write(
    second: number,
    stream: string,
    message: string,
    group: string = functions.logGroup,
  ) {
    const timestamp = beganAt + second * 1000;
    aws.logEvents.push({ logGroupName: group, logStreamName: stream, timestamp, message });
    aws.logEvents.sort((a, b) => a.timestamp - b.timestamp);
  }

  /** A call of Label: Lambda's lines around its own. */
  function writeCall(second: number, stream: string, id: string, fields: Record<string, unknown>) {
    write(second, stream, `START RequestId: ${id} Version: $LATEST`);
    const own = { task: 'Label', function_request_id: id, ...fields };
    write(second + 1, stream, 'a word of native code');
    write(second + 1, stream, '{"_aws":{"Timestamp":1},"Duration":4}');
    if (fields.level) write(second + 2, stream, ours({ ...own, message: 'The task failed' }));
    write(second + 3, stream, ours({ ...own, level: 'INFO' }));
    write(second + 4, stream, `REPORT RequestId: ${id}\tDuration: 4000.00 ms`);
  }

  test.each([false, true])(
    'has all lines of the run and no others (field patterns ignored: %s)',
    async (ignores) => {
      aws.ignoresFieldPatterns = ignores;
      writeCall(0, 'a', uuid(1), { shard: 'ab12' });
      write(1, 'b', ours({ run: 'another-run', task: 'Label' }));
      writeCall(5, 'b', uuid(2), { shard: 'cd34', level: 'ERROR', error: 'TransientError' });
      const messages: string[] = [];
      for await (const line of logs.lines(period)) messages.push(line.message);
      expect(messages).toEqual(['The task ended', 'The task failed', 'The task ended']);
      const errors: LogLine[] = [];
      for await (const line of logs.errors(period)) errors.push(line);
      expect(errors).toMatchObject([{ part: 'cd34', facts: { error: 'TransientError' } }]);
    },
  );

  test('shows everything that was written while the task ran that failed', async () => {
    const error = { shard: 'ab12', level: 'ERROR', error: 'UserError' };
    writeCall(0, 'a', uuid(1), { ...error, error: 'TransientError' });
    writeCall(10, 'b', uuid(2), { shard: 'cd34' });
    writeCall(20, 'b', uuid(3), error);
    writeCall(25, 'b', uuid(4), { shard: 'ef56' });
    const lines = await logs.ofFailure(failure, 'Label');
    expect(lines.map(({ message }) => message)).toEqual([
      `START RequestId: ${uuid(3)} Version: $LATEST`,
      'a word of native code',
      'The task failed',
      'The task ended',
      `REPORT RequestId: ${uuid(3)}\tDuration: 4000.00 ms`,
    ]);
  });

  test('finds a request that ended before it wrote a line of its own', async () => {
    writeCall(0, 'a', uuid(1), { shard: 'cd34' });
    write(10, 'a', `START RequestId: ${uuid(2)} Version: $LATEST`);
    write(11, 'a', 'terminate called');
    write(12, 'a', `RequestId: ${uuid(2)} Error: Runtime exited with error: signal: killed`);
    const message = `RequestId: ${uuid(2)} Error: Runtime exited with error: signal: killed`;
    const lines = await logs.ofFailure(
      { ...failure, error: 'Runtime.ExitError', message },
      'Label',
    );
    expect(lines.map(({ raw }) => raw)).toEqual([
      `START RequestId: ${uuid(2)} Version: $LATEST`,
      'terminate called',
      message,
    ]);
  });

  test('shows the whole stream of a job, which has no requests', async () => {
    write(5, 'train/1', 'CUDA is there', jobs);
    const failed = { message: 'The job failed', errorType: 'UserError', errorMessage: 'no' };
    const facts = { task: 'Train', variant: 'ab12', level: 'ERROR', ...failed };
    write(6, 'train/1', ours(facts), jobs);
    write(7, 'train/2', 'another job', jobs);
    const inTraining = { ...failure, stage: 'Train variants' };
    expect(await logs.ofFailure(inTraining, 'Train')).toEqual([]);
    const withJobs = new RunLogs({ ...functions, trainerLogs: jobs }, run);
    const lines = await withJobs.ofFailure(inTraining, 'Train');
    expect(lines.map(({ message }) => message)).toEqual(['CUDA is there', 'UserError: no']);
  });

  test('has nothing to show of a task that left no line', async () => {
    writeCall(0, 'a', uuid(1), { shard: 'cd34' });
    expect(await logs.ofFailure(failure, 'Label')).toEqual([]);
  });

  test('is read in spite of throttling', async () => {
    writeCall(0, 'a', uuid(1), { shard: 'ab12' });
    aws.faults.set('FilterLogEvents', ['ThrottlingException']);
    const lines: LogLine[] = [];
    for await (const line of logs.lines(period)) lines.push(line);
    expect(lines).toHaveLength(1);
    expect(aws.count('FilterLogEvents')).toBe(2);
  });
});
