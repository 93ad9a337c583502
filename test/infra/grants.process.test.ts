/** The stages, run on a store that writes down what they ask of it, may do what they do. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createAnnounceHandler } from '../../functions/announce.ts';
import { createServeHandler } from '../../functions/serve.ts';
import { type Role, rolesOf } from '../../infra/policies.ts';
import { keepTurn, passTurns, startInTurn } from '../../src/aws/turn.ts';
import { recordUsage } from '../../src/cost/usage.ts';
import { allBaselines } from '../../src/distill/baselines/index.ts';
import { InterruptedError } from '../../src/errors.ts';
import type { Context } from '../../src/run/context.ts';
import { currentSchema } from '../../src/run/current-file.ts';
import type { ShardItem } from '../../src/run/events.ts';
import { hideMessage } from '../../src/run/hidden-message.ts';
import { keys } from '../../src/run/keys.ts';
import { planSchema } from '../../src/run/plan-file.ts';
import { type StageName, stages } from '../../src/stages/index.ts';
import { type StartedRun, startBatch } from '../../src/stages/start.ts';
import { markQuietBatches } from '../../src/stages/sweep.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { readBytes, readJson } from '../../src/store/once.ts';
import { sealJson } from '../../src/store/seal.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { formats, writeConfig } from '../support/datasets.ts';
import { startFakeStepFunctions } from '../support/fake-step-functions.ts';
import { callsFile, roleTasks, summarize } from './calls.ts';
import { allows, type Call } from './iam.ts';
import { documentedSettings, synthesise } from './synthesise.ts';

const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
const stepFunctions = await startFakeStepFunctions();
const recorded = new Map<string, Call[]>();
let task = '';

vi.mock('../../src/store/open.ts', () => ({
  openStore: async (location: string) => recording(location),
}));

vi.mock('@aws-sdk/client-eventbridge', () => ({
  EventBridgeClient: class {
    async send() {
      return { FailedEntryCount: 0 };
    }
  },
  PutEventsCommand: class {},
}));

/** `s3://data/PREFIX` and `s3://results`, which are folders. */
function recording(location: string): ObjectStore {
  const [, bucket = '', prefix = ''] = /^s3:\/\/(data|results)(\/.*)?$/.exec(location) ?? [];
  const store = new FolderStore(join(folder, bucket + prefix));
  const arn = bucket === 'data' ? '<StorageData>' : '<StorageResults>';
  const ask = (action: string, key?: string) => {
    const resource = key === undefined ? arn : `${arn}${prefix}/${key}`;
    recorded.set(task, [...(recorded.get(task) ?? []), { action: `s3:${action}`, resource }]);
  };
  const askForKeys = (listed: string) => {
    const request = { action: 's3:ListBucketVersions', resource: arn };
    const asked = { ...request, prefix: `${prefix}/${listed}`.replace(/^\//, '') };
    recorded.set(task, [...(recorded.get(task) ?? []), asked]);
  };
  return {
    location,
    head(key) {
      ask('GetObject', key);
      ask('ListBucket'); // or a missing object is "forbidden"
      return store.head(key);
    },
    read(key, options) {
      ask('GetObject', key);
      // Also without a requested version: to resume after a dropped connection.
      ask('GetObjectVersion', key);
      ask('ListBucket');
      return store.read(key, options);
    },
    write(key, body, condition) {
      ask('PutObject', key);
      if (condition && 'ifMatch' in condition) ask('GetObject', key);
      return store.write(key, body, condition);
    },
    list(listed) {
      askForKeys(listed);
      return store.list(listed);
    },
    folders(parent) {
      askForKeys(parent);
      return store.folders(parent);
    },
  };
}

const deployment = { trainer: 'gpu', budgetUsd: undefined } as const;
const context = { signal: new AbortController().signal, report() {}, deployment };

type Handler = (event: object, context: Context) => Promise<unknown>;

const trainings: ReadonlySet<StageName> = new Set(['TrainTeacher', 'WarmUp', 'Train']);

/** Interrupts a training after its first step, so that it writes a checkpoint. */
async function interrupt(handler: Handler, event: object): Promise<void> {
  const controller = new AbortController();
  const report: Context['report'] = ({ done }) => {
    if (done) controller.abort();
  };
  await handler(event, { signal: controller.signal, report }).catch((error: unknown) => {
    if (!(error instanceof InterruptedError)) throw error;
  });
}

async function call(name: StageName, event: object): Promise<void> {
  task = name;
  const { run, results } = event as { run: string; results: string };
  const handler: Handler = await stages[name].load();
  if (trainings.has(name)) await interrupt(handler, event);
  // Twice, as after a retry: what is there already has to be seen.
  for (const ms of [1, 1]) {
    await handler(event, context);
    await recordUsage(results, run, { task, resource: 'lambda-512', ms, id: '1' });
    await hideMessage(new Error('no'), { stage: name, run, results });
  }
}

/** Labels a shard of the previous run again. */
let labelAgain: (() => Promise<void>) | undefined;

const resultsFolder = () => new FolderStore(join(folder, 'results'));

/** A run: each function called as the trigger and the workflow call them. */
async function runStages(
  name: keyof typeof formats,
  students: string[],
  sections: Readonly<Record<string, string>>,
): Promise<void> {
  const dataset = join(folder, 'data', name);
  const fixture = (path: string) => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));
  cpSync(fixture(`workflow/${name}`), dataset, { recursive: true });
  cpSync(fixture('workflow-teachers/saved-model'), join(dataset, 'teacher'), { recursive: true });
  cpSync(fixture('encoders/image'), join(dataset, 'encoder'), { recursive: true });
  writeFileSync(join(dataset, 'unlabeled/first/broken.png'), 'not an image');
  const [method, ...compare] = students;
  const methods = { method: method!, compare: `[${compare}]` };
  writeConfig(dataset, { ...formats[name], ...methods, ...sections });
  const key = `${name}/unlabeled/first/_SUCCESS`;
  rmSync(join(folder, 'data', key));
  task = 'Sweep';
  await markQuietBatches('s3://data', 0);
  const { version } = (await new FolderStore(join(folder, 'data')).head(key))!;
  task = 'Start';
  const marker = { bucket: 'data', key, version };
  await startBatch(marker, 's3://results');
  const started = (await startBatch(marker, 's3://results'))!;
  const event = { ...started, execution: started.run };
  await takeTurns(started);
  await call('Plan', event);
  // As if it had been killed just before its last write.
  rmSync(join(folder, 'results', keys.plan(event.run)));
  await call('Plan', event);
  if (sections.student?.includes('encoder')) {
    for (const shard of await items(keys.shards(event.run))) {
      await call('Encode', { ...event, shard });
    }
  }
  if (sections.teacher?.includes('train:') ?? true) await call('TrainTeacher', event);
  await call('Calibrate', event);
  // Label is a process of its own, without the teacher that Calibrate has opened.
  await labelAgain?.();
  for (const shard of await items(keys.shards(event.run))) await call('Label', { ...event, shard });
  const [unlabeled] = await items(keys.unlabeled(event.run));
  labelAgain = async () => {
    const { teacher } = await readJson(resultsFolder(), keys.plan(event.run), planSchema);
    rmSync(join(folder, 'results', keys.labels(teacher.labels, unlabeled!.id)));
    await call('Label', { ...event, shard: unlabeled });
  };
  await call('Reconcile', event);
  await call('WarmUp', event);
  for (const shard of await items(keys.unlabeled(event.run))) {
    await call('Weigh', { ...event, shard });
  }
  const trained = [...students, ...allBaselines.map(({ name }) => name)];
  for (const variant of trained) await call('Train', { ...event, variant });
  await call('Evaluate', event);
  await call('Publish', event);
  await announce(event.run);
}

const machine = 'arn:aws:states:us-east-1:000000000000:stateMachine:counterweight';

/** Takes the turn of a dataset twice; then, for Follow, keeps it and passes it on. */
async function takeTurns(started: StartedRun): Promise<void> {
  await startInTurn(machine, started);
  // Another digest at the end: a run of the same dataset.
  const later = {
    ...started,
    run: started.run.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
  };
  await startInTurn(machine, later);
  task = 'Follow';
  await keepTurn(machine, 's3://results', started.run);
  for (const execution of stepFunctions.executions.values()) execution.status = 'SUCCEEDED';
  await passTurns(machine, 's3://results');
  stepFunctions.executions.clear();
}

/** Records and announces that the run succeeded, then that it failed, then that it succeeded. */
async function announce(run: string): Promise<void> {
  const thrower = { stage: 'Publish', run, results: 's3://results' };
  const { message: errorMessage } = await hideMessage(new Error('no'), thrower);
  const cause = JSON.stringify({ errorMessage });
  task = 'Announce';
  vi.stubEnv('RESULTS', 's3://results');
  vi.stubEnv('STATE_MACHINE', machine);
  for (const [stopDate, status] of ['SUCCEEDED', 'FAILED', 'SUCCEEDED'].entries()) {
    const executionArn = `arn:aws:states:us-east-1:000000000000:execution:counterweight:${run}`;
    stepFunctions.executions.set(executionArn, { input: '{}', status, error: 'Error', cause });
    const detail = { executionArn, name: run, status, startDate: 0, stopDate };
    await createAnnounceHandler()({ detail }, context);
  }
}

/** Asks the function of the URL for the student of `images`. */
async function describeStudent(): Promise<void> {
  task = 'Serve';
  vi.stubEnv('RESULTS', 's3://results');
  vi.stubEnv('DATASET', 'images');
  const request = { rawPath: '/', requestContext: { http: { method: 'GET' } } };
  expect(await createServeHandler()(request, context)).toMatchObject({ statusCode: 200 });
}

async function items(manifest: string): Promise<ShardItem[]> {
  const bytes = await readBytes(new FolderStore(join(folder, 'results')), manifest);
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}

let roles: Role[];

beforeAll(async () => {
  const { core, trainer } = synthesise(documentedSettings);
  roles = [core, trainer!].flatMap((template) => rolesOf(template.toJSON()));
  const head = '{ encoder: encoder, head: linear, epochs: 6 }';
  await runStages('images', ['weighted', 'uniform'], {
    teacher: `{ train: [{ architecture: mlp, width: 32, epochs: 6 }, ${head}] }`,
    student: head,
    limits: '{ quarantine: 10% }',
  });
  await describeStudent();
  // Evaluate embeds the examples of the next run, which has no encoder, for the student in use.
  const [own, next] = [keys.current('images'), keys.current('parquet-images')];
  const published = await readJson(resultsFolder(), own, currentSchema);
  await resultsFolder().write(next, sealJson(published, next));
  await runStages('parquet-images', ['weighted', 'relabel', 'auto'], {
    teacher: '{ savedModel: teacher }',
    folds: '2',
    relabel: '{ rounds: 1 }',
  });
  // Two runs of all stages take two minutes on two cores that other work uses too.
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true }));

test.each(roleTasks)('%s may do what %s does', (name, of) => {
  const role = roles.find((known) => known.name === name)!;
  expect(recorded.get(of)!.length).toBeGreaterThan(0);
  expect(recorded.get(of)!.filter((request) => !allows(role, request))).toEqual([]);
});

test.each(roleTasks)('%s may do nothing in the buckets that %s does not', (name, of) => {
  const role = roles.find((known) => known.name === name)!;
  const unused = role.grants
    .filter(({ Action }) => Action.some((action) => action.startsWith('s3:')))
    .flatMap((grant) => grant.Resource.map((resource) => ({ ...grant, Resource: [resource] })))
    .filter(
      (grant) => !recorded.get(of)!.some((asked) => allows({ ...role, grants: [grant] }, asked)),
    );
  const named = unused.map(({ Sid, Resource }) => `${name} ${Sid} ${Resource}`);
  expect(named).toEqual([]);
});

test('calls.txt has these calls, for the tests that need no runs', () => {
  const current = summarize(recorded);
  // After a change of what a task reads or writes.
  if (process.env.UPDATE_PERMISSIONS === '1') writeFileSync(callsFile, current);
  expect(readFileSync(callsFile, 'utf8')).toBe(current);
});
