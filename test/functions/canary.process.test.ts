/** A dataset full of a canary goes through every function, and no log contains it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { allBaselines } from '../../src/distill/baselines/index.ts';
import type { JobEvent, ShardItem } from '../../src/run/events.ts';
import { readCause } from '../../src/run/hidden-message.ts';
import { keys } from '../../src/run/keys.ts';
import { readManifest } from '../../src/run/objects-file.ts';
import { endpoints, stages, triggers } from '../../src/stages/index.ts';
import { startRun } from '../../src/stages/start.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { sealJson } from '../../src/store/seal.ts';

const canary = 'canary-5b1f';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = fileURLToPath(new URL('./function-process.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'counterweight-secret-'));
const results = join(folder, 'results');

/** An AWS that knows no execution, and refuses all else, with the canary in its reason. */
const aws = createServer(({ headers }, response) => {
  const operation = headers['x-amz-target'];
  if (operation) {
    const isLookUp = operation.includes('DescribeExecution');
    const __type = isLookUp ? 'ExecutionDoesNotExist' : 'AccessDeniedException';
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type, message: canary }));
    return;
  }
  const body = `<Error><Code>AccessDenied</Code><Message>${canary}</Message></Error>`;
  response.writeHead(403, { 'content-type': 'application/xml' }).end(body);
});

const answer = z.union([
  z.object({ result: z.unknown() }),
  z.object({ error: z.object({ name: z.string(), message: z.string() }) }),
]);
type Answer = z.infer<typeof answer>;

/** Everything that the function of a task has written, by task. */
const logs = new Map<string, string>();

/** Calls the function of a task with one event after the other, in a process. */
async function call(
  task: string,
  events: readonly unknown[],
  variables: Record<string, string> = {},
): Promise<Answer[]> {
  // listen() on a port gives an AddressInfo, never a pipe's name.
  const { port } = aws.address() as AddressInfo;
  const child = fork(program, [join(root, 'dist/lambda/index.mjs')], {
    execArgv: ['--enable-source-maps'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      TASK: task,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '3008',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_MAX_ATTEMPTS: '1',
      POWERTOOLS_METRICS_NAMESPACE: 'counterweight',
      POWERTOOLS_LOG_LEVEL: 'DEBUG',
      ...variables,
    },
  });
  const written = Promise.all([text(child.stdout!), text(child.stderr!)]);
  const answers: Answer[] = [];
  await once(child, 'message');
  for (const event of events) {
    child.send(event as object);
    const [message] = await once(child, 'message');
    answers.push(answer.parse(message));
  }
  child.disconnect();
  child.kill();
  logs.set(task, (logs.get(task) ?? '') + (await written).join('\n'));
  return answers;
}

const rows = Array.from({ length: 60 }, (_, row) => {
  const label = row % 2 === 0 ? 'good' : 'bad';
  return { id: `${canary}-${row}`, content: `${canary} ${label} film ${row}`, label };
});

/** A table of texts, whose names, columns, ids, texts and labels have the canary. */
function makeSecretDataset(): string {
  const dataset = join(folder, 'texts');
  const put = (key: string, content: string) => {
    mkdirSync(dirname(join(dataset, key)), { recursive: true });
    writeFileSync(join(dataset, key), content);
  };
  const head = `${canary} id,${canary} text,${canary} label\n`;
  const labeled = rows.map(({ id, content, label }) => `${id},${content},${canary} ${label}\n`);
  put(`labeled/${canary}.csv`, head + labeled.slice(0, 24).join(''));
  put(`validation/${canary}.csv`, head + labeled.slice(24, 36).join(''));
  put(`test/${canary}.csv`, head + labeled.slice(36, 48).join(''));
  const unlabeled = rows.slice(48).map(({ id, content }) => `${id},${content}\n`);
  // The last row is quarantined.
  put(
    `unlabeled/b/${canary}.csv`,
    `${canary} id,${canary} text\n${unlabeled.join('')}${canary},\n`,
  );
  put(`unlabeled/b/${canary}.txt`, canary);
  cpSync(join(root, 'test/fixtures/encoders/text'), join(dataset, 'encoder'), { recursive: true });
  put(
    'distill.yaml',
    `task: { type: text-classification, classes: [${canary} good, ${canary} bad], text: ${canary} text }
data: { format: csv, id: ${canary} id, label: ${canary} label }
teacher: { train: [{ architecture: ngrams, epochs: 2, batchSize: 8 }, { encoder: encoder, head: linear }] }
student: { encoder: encoder, head: linear, epochs: 2 }
folds: 2
method: weighted
warmup: { epochs: 1 }
limits: { quarantine: 50% }
compare: []
`,
  );
  return dataset;
}

/** Event of the run. */
let event: JobEvent;
/** The same event with results in which each read fails with the canary. */
let wrong: JobEvent;

async function items(key: string): Promise<ShardItem[]> {
  return readManifest(new FolderStore(results), key);
}

beforeAll(async () => {
  aws.listen(0, '127.0.0.1');
  await once(aws, 'listening');
  const started = await startRun(makeSecretDataset(), results);
  event = { ...started, execution: started.run };
  wrong = { ...event, results: join(folder, 'wrong') };
  for (const key of [keys.plan(event.run), keys.record(event.run)]) {
    mkdirSync(dirname(join(wrong.results, key)), { recursive: true });
    writeFileSync(join(wrong.results, key), sealJson({ [canary]: canary }, key));
  }
});
afterAll(() => {
  aws.close();
  aws.closeAllConnections();
  rmSync(folder, { recursive: true });
});

/** Expects that a call failed because of the canary, which its error does not have. */
async function expectHidden(failed: Answer | undefined): Promise<void> {
  const { error } = z.object({ error: z.object({ message: z.string() }) }).parse(failed);
  expect(error.message).toMatch(/: the message is in runs\/.*\/errors\//);
  const cause = JSON.stringify({ errorMessage: error.message });
  const read = await readCause(new FolderStore(wrong.results), event.run, cause);
  expect(read.message).toContain(canary);
}

/** Expects that a call failed, and that its error does not have the canary. */
function expectFailed(failed: Answer | undefined): void {
  expect(failed).toMatchObject({ error: { message: expect.not.stringContaining(canary) } });
}

const whole = async () => [{}];
const shards = async () => (await items(keys.shards(event.run))).map((shard) => ({ shard }));
const unlabeled = async () => (await items(keys.unlabeled(event.run))).map((shard) => ({ shard }));
const trained = async () =>
  ['weighted', ...allBaselines.map(({ name }) => name)].map((variant) => ({ variant }));

// In the order of the workflow: each reads what those before it have written.
test.each([
  ['Plan', whole],
  ['Encode', shards],
  ['TrainTeacher', whole],
  ['Calibrate', whole],
  ['Label', shards],
  ['Reconcile', whole],
  ['WarmUp', whole],
  ['Weigh', unlabeled],
  ['Train', trained],
  ['Evaluate', whole],
  ['Publish', whole],
])('%s logs no canary, and throws none', async (task, partsOf) => {
  const parts = await partsOf();
  const calls = parts.map((part) => ({ ...event, ...part }));
  const answers = await call(task, [...calls, { ...wrong, ...parts[0] }]);
  const failed = answers.pop();
  expect(answers.filter((one) => 'error' in one)).toEqual([]);
  await expectHidden(failed);
});

const machine = { STATE_MACHINE: 'arn:aws:states:us-east-1:000000000000:stateMachine:none' };

test('Announce', async () => {
  const detail = { executionArn: event.run, name: event.run, startDate: 0, stopDate: 1 };
  const ended = { detail: { ...detail, status: 'SUCCEEDED' } };
  // The bus refuses the event.
  const [refused] = await call('Announce', [ended], { ...machine, RESULTS: results });
  expect(refused).toMatchObject({ error: { name: 'AccessDeniedException' } });
  expectFailed(refused);
  writeFileSync(join(wrong.results, keys.publication(event.run)), `{ "${canary}": 1 }`);
  const [failed] = await call('Announce', [ended], { ...machine, RESULTS: wrong.results });
  expect(failed).toMatchObject({ error: { name: 'UserError' } });
  expectFailed(failed);
});

test('Follow', async () => {
  const detail = { executionArn: event.run, name: event.run, redriveCount: 0, status: 'RUNNING' };
  const began = { 'detail-type': 'Step Functions Execution Status Change', detail };
  const [failed] = await call('Follow', [began], { ...machine, RESULTS: wrong.results });
  expect(failed).toMatchObject({ error: { name: 'UserError' } });
  expectFailed(failed);
});

test('Start and Sweep', async () => {
  const object = { key: `${canary}/unlabeled/${canary}/_SUCCESS`, 'version-id': canary };
  const arrived = { detail: { bucket: { name: canary }, object } };
  const start = { RESULTS: `s3://${canary}`, STATE_MACHINE: 'arn:aws:states:::stateMachine:none' };
  const answers = await call('Start', [arrived, { [canary]: canary }], start);
  answers.push(...(await call('Sweep', [{}], { DATA_BUCKET: canary, SWEEP_MINUTES: '5' })));
  expect(answers).toHaveLength(3);
  for (const failed of answers) expectFailed(failed);
});

test('Serve', async () => {
  const post = (body: string) => ({
    rawPath: '/predict',
    requestContext: { http: { method: 'POST' } },
    body,
  });
  const requests = [
    post(JSON.stringify([`${canary} good film`])),
    post(JSON.stringify([{ [canary]: canary }])),
    post(`[${canary}`),
    { [canary]: canary },
  ];
  const dataset = { RESULTS: results, DATASET: 'texts' };
  const answers = await call('Serve', requests, dataset);
  expect(answers.slice(0, 3)).toMatchObject([
    { result: { statusCode: 200, body: expect.stringContaining(canary) } },
    { result: { statusCode: 400 } },
    { result: { statusCode: 400 } },
  ]);
  expectFailed(answers[3]);
});

test('an error that no code catches is logged without its message', async () => {
  await call('Plan', [{ crash: canary }]);
});

test('every function has been called, and no log has the canary', () => {
  const all = [stages, triggers, endpoints].flatMap((table) => Object.keys(table));
  expect([...logs.keys()].sort()).toEqual(all.sort());
  for (const [task, log] of logs) {
    expect(log, task).toContain(`"task":"${task}"`);
    expect(log.split('\n').filter((line) => line.includes(canary))).toEqual([]);
  }
  expect(logs.get('Plan')).toContain(
    '"errorType":"TypeError","errorMessage":"the message is hidden',
  );
});
