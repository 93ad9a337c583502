/** The announcement of a run's end, called as EventBridge calls it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { createAnnounceHandler } from '../../functions/announce.ts';
import type { RunMetrics } from '../../src/evaluate/run-metrics.ts';
import { readFailure } from '../../src/run/failure-file.ts';
import { keys } from '../../src/run/keys.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { blocksOf } from '../support/document-blocks.ts';
import { startFakeStepFunctions } from '../support/fake-step-functions.ts';
import { putJson } from '../support/put.ts';
import { sampleMetrics } from '../support/sample-metrics.ts';

const putEvents = z.object({
  Entries: z.tuple([
    z.object({
      Source: z.literal('counterweight'),
      DetailType: z.string(),
      Detail: z.string().transform((text): unknown => JSON.parse(text)),
      Resources: z.array(z.string()),
      Time: z.number(),
    }),
  ]),
});
type Sent = z.infer<typeof putEvents>['Entries'][0];

/** Events that the fake bus took. */
const sent: Sent[] = [];
/** Error codes of the next requests; `undefined` lets one through. */
const refusals: (string | undefined)[] = [];
const bus = createServer(async (request, response) => {
  const [entry] = putEvents.parse(await json(request)).Entries;
  const ErrorCode = refusals.shift();
  if (!ErrorCode) sent.push(entry);
  const Entries = [ErrorCode ? { ErrorCode } : { EventId: '1' }];
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify({ FailedEntryCount: ErrorCode ? 1 : 0, Entries }));
});
bus.listen(0, '127.0.0.1');
await once(bus, 'listening');
// listen() on a port gives an AddressInfo, never a pipe's name.
const { port } = bus.address() as AddressInfo;
const folder = mkdtempSync(join(tmpdir(), 'counterweight-announce-'));
const stepFunctions = await startFakeStepFunctions();
afterAll(() => {
  bus.close();
  bus.closeAllConnections();
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});

const run = 'digits-1a2b3c4d5e6f';
const machine = 'arn:aws:states:us-east-1:123456789012:stateMachine:counterweight';
const executionArn = (name: string) => `${machine.replace('stateMachine', 'execution')}:${name}`;
const startDate = Date.UTC(2026, 10, 29, 9, 0);
const stopDate = Date.UTC(2026, 10, 29, 9, 40);

let results: FolderStore;
beforeEach(() => {
  sent.length = 0;
  refusals.length = 0;
  vi.stubEnv('AWS_ENDPOINT_URL_EVENTBRIDGE', `http://127.0.0.1:${port}`);
  vi.stubEnv('STATE_MACHINE', machine);
  stepFunctions.executions.clear();
  results = new FolderStore(mkdtempSync(join(folder, 'results-')));
  vi.stubEnv('RESULTS', results.location);
});

/** Calls the function with the end of an execution, as Step Functions reports it. */
async function end(status: string, { name = run, stop = stopDate as number | string } = {}) {
  const failure = status === 'FAILED' && {
    error: 'UserError',
    cause: JSON.stringify({ errorMessage: 'Label: canary\n\ncanary' }),
  };
  stepFunctions.executions.set(executionArn(name), { input: '{}', status, ...failure });
  const stateMachineArn = machine;
  const detail = { executionArn: executionArn(name), stateMachineArn, name, status, startDate };
  const event = {
    id: '315c1398-40ff-a850-213b-158f73e60175',
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    resources: [detail.executionArn],
    detail: { ...detail, stopDate: stop, input: '{}', inputDetails: { included: true } },
  };
  const context = { signal: new AbortController().signal, report() {} };
  return createAnnounceHandler()(event, context);
}

async function trained(published: boolean, changes: Partial<RunMetrics> = {}): Promise<void> {
  const publication = { published, reason: 'the first student of this dataset' };
  await putJson(results, keys.publication(run), publication);
  await putJson(results, keys.metrics(run), sampleMetrics(changes));
}

test('a run with a published student is announced by two events', async () => {
  await trained(true);
  expect(await end('SUCCEEDED')).toEqual({ announced: ['RunSucceeded', 'StudentPublished'] });
  const { metrics, students } = sampleMetrics();
  const student = students[0]!.variant;
  const common = {
    run,
    dataset: 'digits',
    results: results.location,
    execution: executionArn(run),
    attempt: 1,
    startedAt: '2026-11-29T09:00:00.000Z',
    endedAt: '2026-11-29T09:40:00.000Z',
  };
  expect(sent).toMatchObject([
    {
      DetailType: 'RunSucceeded',
      Resources: [executionArn(run)],
      Time: stopDate / 1000,
      Detail: {
        ...common,
        result: 'students',
        published: true,
        student,
        figures: { examples: metrics.examples, evaluatedOn: 'test' },
        keys: { metrics: `runs/${run}/metrics.json`, report: `runs/${run}/report.html` },
      },
    },
    {
      DetailType: 'StudentPublished',
      Detail: {
        ...common,
        student,
        keys: {
          current: 'students/digits/CURRENT',
          student: `runs/${run}/students/${student}/`,
          card: `runs/${run}/students/${student}/MODEL.md`,
        },
      },
    },
  ]);
  const { models } = z
    .object({ figures: z.object({ models: z.record(z.string(), z.unknown()) }) })
    .parse(sent[0]!.Detail).figures;
  const { accuracy, macroRecall, macroF1, logLoss, calibrationError } = metrics.models[student]!;
  expect(models[student]).toEqual({ accuracy, macroRecall, macroF1, logLoss, calibrationError });
  expect(Object.keys(models).sort()).toEqual(Object.keys(metrics.models).sort());
});

test('no event contains a class, an id or a message', async () => {
  const { students } = sampleMetrics();
  const classes = ['canary', ...sampleMetrics().classes.slice(1)];
  await trained(true, {
    classes,
    currentProblem: 'canary',
    warnings: ['canary'],
    quarantineExamples: [{ id: 'canary', reason: 'canary' }],
    students,
  });
  await end('SUCCEEDED');
  await end('FAILED', { stop: stopDate + 1 });
  expect(sent).toHaveLength(3);
  expect(JSON.stringify(sent)).not.toContain('canary');
});

test('a student that is not published is in the first event only', async () => {
  await trained(false);
  expect(await end('SUCCEEDED')).toEqual({ announced: ['RunSucceeded'] });
  expect(sent).toMatchObject([{ Detail: { result: 'students', published: false } }]);
});

test('a run that made labels is announced without figures', async () => {
  expect(await end('SUCCEEDED')).toEqual({ announced: ['RunSucceeded'] });
  const { Detail } = sent[0]!;
  expect(Detail).toMatchObject({
    result: 'labels',
    keys: { reconcile: `runs/${run}/reconcile.json` },
  });
  expect(Detail).not.toHaveProperty('figures');
});

test.each(['FAILED', 'TIMED_OUT', 'ABORTED'])(
  'a run that ends as %s has failed',
  async (status) => {
    expect(await end(status)).toEqual({ announced: ['RunFailed'] });
    const failure = `runs/${run}/failure.json`;
    expect(sent).toMatchObject([
      { DetailType: 'RunFailed', Detail: { status, keys: { failure } } },
    ]);
  },
);

test('a failure is recorded, and announced with its stage, its error and the key', async () => {
  await end('FAILED');
  const failure = `runs/${run}/failure.json`;
  expect(await readFailure(results, run)).toMatchObject({ message: 'canary', hint: 'canary' });
  expect(sent[0]!.Detail).toMatchObject({ stage: 'Label', error: 'UserError', keys: { failure } });
});

test('the record of a later execution is not that of an earlier one', async () => {
  const later = executionArn(`${run}-attempt-2`);
  stepFunctions.executions.set(later, { input: '{}', status: 'ABORTED' });
  await end('FAILED');
  expect(sent[0]!.Detail).toMatchObject({ run, dataset: 'digits', attempt: 1, keys: {} });
  expect(sent[0]!.Detail).not.toHaveProperty('stage');
});

test('the same end is announced once, and the end of a redriven execution again', async () => {
  await end('FAILED');
  expect(await end('FAILED')).toEqual({ announced: [] });
  expect(sent).toHaveLength(1);
  await trained(true);
  await end('SUCCEEDED', { stop: stopDate + 60_000 });
  expect(sent.map(({ DetailType }) => DetailType)).toEqual([
    'RunFailed',
    'RunSucceeded',
    'StudentPublished',
  ]);
  expect(sent[1]!.Detail).toMatchObject({
    execution: executionArn(run),
    endedAt: '2026-11-29T09:41:00.000Z',
  });
});

test('an event that the bus refuses is sent again by the next call', async () => {
  await trained(true);
  refusals.push(undefined, 'InternalFailure');
  await expect(end('SUCCEEDED')).rejects.toMatchObject({
    name: 'TransientError',
    message: 'Announce: EventBridge refused the event StudentPublished: InternalFailure',
  });
  expect(await end('SUCCEEDED')).toEqual({ announced: ['RunSucceeded', 'StudentPublished'] });
  const [first, repeated] = sent;
  expect(repeated).toEqual(first);
});

test('LocalStack gives times as text', async () => {
  await end('SUCCEEDED', { stop: new Date(stopDate).toISOString() });
  expect(sent[0]!.Detail).toMatchObject({ endedAt: '2026-11-29T09:40:00.000Z' });
});

test('docs/events.md has the fields of the events', async () => {
  await trained(true);
  await end('SUCCEEDED');
  await end('FAILED', { stop: stopDate + 1 });
  const documented = blocksOf('docs/events.md', 'json').map((json) =>
    example.parse(JSON.parse(json)),
  );
  expect(documented.map((event) => event['detail-type'])).toEqual([
    'RunSucceeded',
    'StudentPublished',
    'RunFailed',
  ]);
  for (const [index, { detail }] of documented.entries()) {
    expect(fieldsOf(detail)).toEqual(fieldsOf(sent[index]!.Detail));
  }
});

const example = z.object({ 'detail-type': z.string(), detail: z.unknown() });

/** Names of the fields, and of the fields of `keys` and `figures`. */
function fieldsOf(detail: unknown): string[] {
  const fields = z.record(z.string(), z.unknown()).parse(detail);
  const nested = ['keys', 'figures'].flatMap((name) =>
    Object.keys(fields[name] ?? {}).map((field) => `${name}.${field}`),
  );
  return [...Object.keys(fields), ...nested].sort();
}
