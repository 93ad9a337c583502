/** The trigger as EventBridge calls it. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createStartHandler } from '../../functions/start.ts';
import { keys } from '../../src/run/keys.ts';
import { recordSchema } from '../../src/run/plan-file.ts';
import { readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import { startFakeStepFunctions } from '../support/fake-step-functions.ts';
import { put } from '../support/put.ts';
import { useLocalS3 } from '../support/s3/local-s3.ts';

const { missing, makeBucket } = await useLocalS3();
const [bucket, resultsBucket] = missing ? ['', ''] : [await makeBucket(), await makeBucket()];
const results = `s3://${resultsBucket}`;
const stepFunctions = await startFakeStepFunctions();
const machine = 'arn:aws:states:us-east-1:123456789012:stateMachine:counterweight';
vi.stubEnv('STATE_MACHINE', machine);
vi.stubEnv('RESULTS', results);
const startHandler = createStartHandler();

const config = `
task: { type: tabular-classification, classes: [red, white], target: colour }
data: { format: csv }
teacher: { predictions: teacher }
student: { architecture: mlp }
`;

const context = { signal: new AbortController().signal, report: () => {} };

describe.skipIf(missing)('the Start function', () => {
  let prefix: string;
  beforeEach(() => {
    stepFunctions.executions.clear();
    stepFunctions.requests.length = 0;
    prefix = `${randomUUID()}/red wine+%2F`;
  });

  /** Puts a marker, and gives what EventBridge then sends, as the S3 User Guide has it. */
  async function markerArrives() {
    const { version, etag } = await put(`s3://${bucket}/${prefix}`, 'unlabeled/1 + 1/_SUCCESS');
    return {
      version: '0',
      id: '17793124-05d4-b198-2fde-7ededc63b103',
      'detail-type': 'Object Created',
      source: 'aws.s3',
      account: '123456789012',
      time: '2026-11-12T00:00:00Z',
      region: 'us-east-1',
      resources: [`arn:aws:s3:::${bucket}`],
      detail: {
        version: '0',
        bucket: { name: bucket },
        object: {
          key: `${prefix}/unlabeled/1 + 1/_SUCCESS`,
          size: 0,
          etag: etag.replaceAll('"', ''),
          'version-id': version,
          sequencer: '617f08299329d189',
        },
        'request-id': 'N4N7GDK58NMKJ12R',
        requester: '123456789012',
        'source-ip-address': '192.0.2.1',
        reason: 'PutObject',
      },
    };
  }

  test('starts the execution of the run, with what its tasks need', async () => {
    await put(`s3://${bucket}/${prefix}`, 'distill.yaml', config);
    const { started } = (await startHandler(await markerArrives(), context)) as { started: string };
    const execution = `${machine.replace('stateMachine', 'execution')}:${started}`;
    expect([...stepFunctions.executions.keys()]).toEqual([execution]);
    expect(JSON.parse(String(stepFunctions.executions.get(execution)?.input))).toEqual({
      run: started,
      dataset: `s3://${bucket}/${prefix}`,
      results,
      execution,
    });
  });

  test('ten times the same event at once is one execution', async () => {
    await put(`s3://${bucket}/${prefix}`, 'distill.yaml', config);
    const event = await markerArrives();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => startHandler(structuredClone(event), context)),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(stepFunctions.executions.size).toBe(1);
  });

  test('an event that comes again after the execution has ended starts no other', async () => {
    await put(`s3://${bucket}/${prefix}`, 'distill.yaml', config);
    const event = await markerArrives();
    const first = await startHandler(event, context);
    for (const execution of stepFunctions.executions.values()) execution.status = 'FAILED';
    expect(await startHandler(event, context)).toEqual(first);
    expect([...stepFunctions.executions.values()]).toMatchObject([{ status: 'FAILED' }]);
  });

  test('a late event, and one of another object, start nothing', async () => {
    await put(`s3://${bucket}/${prefix}`, 'distill.yaml', config);
    const late = await markerArrives();
    const other = await markerArrives();
    other.detail.object.key = `${prefix}/labeled/_SUCCESS`;
    expect(await startHandler(late, context)).toEqual({ started: null });
    expect(await startHandler(other, context)).toEqual({ started: null });
    expect(stepFunctions.requests).toEqual([]);
  });

  test('a run without a config is started too, so that it fails where it is looked for', async () => {
    const { started } = (await startHandler(await markerArrives(), context)) as { started: string };
    expect(stepFunctions.executions.size).toBe(1);
    const record = await readJson(await openStore(results), keys.record(started), recordSchema);
    expect(record).toHaveProperty('refused.message', expect.stringContaining('no distill.yaml'));
  });

  test('resumes after Step Functions throttled', async () => {
    await put(`s3://${bucket}/${prefix}`, 'distill.yaml', config);
    stepFunctions.failures.push('ThrottlingException', 'TooManyRequestsException');
    await startHandler(await markerArrives(), context);
    expect(stepFunctions.requests).toEqual(Array(3).fill('StartExecution'));
    expect(stepFunctions.executions.size).toBe(1);
  });

  test('fails under its name when it may not start anything: the event is kept', async () => {
    await put(`s3://${bucket}/${prefix}`, 'distill.yaml', config);
    stepFunctions.failures.push('AccessDeniedException');
    await expect(startHandler(await markerArrives(), context)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(/^Start: /),
    });
  });

  test('an event of another form is refused', async () => {
    await expect(startHandler({ Records: [] }, context)).rejects.toThrow(/^Start: /);
  });
});
