/** Bad input and faults, injected into the workflow on LocalStack. */
import { appendFileSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { beforeAll, expect, test } from 'vitest';
import { openStepFunctions } from '../../src/aws/executions.ts';
import { turnSchema } from '../../src/aws/turn.ts';
import { currentSchema } from '../../src/run/current-file.ts';
import { readFailure } from '../../src/run/failure-file.ts';
import { keys } from '../../src/run/keys.ts';
import { planSchema, recordSchema } from '../../src/run/plan-file.ts';
import { reconcileSchema } from '../../src/run/reconcile-file.ts';
import { publicationSchema } from '../../src/stages/publish.ts';
import { readBytes, readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import { type Format, formats, makeDataset, writeConfig } from '../support/datasets.ts';
import { startFaultyProxy } from '../support/s3/faulty-proxy.ts';
import {
  callErrors,
  counterweight,
  deployment,
  describeDeployed,
  ended,
  eventually,
  executionsOf,
  history,
  keysOf,
  logMessages,
  results,
  shardCounts,
  started,
  versionsOf,
} from './deployed.ts';
import { collectEvents, eventsOf } from './events.ts';
import {
  callFunction,
  freeze,
  kill,
  setConcurrency,
  setTimeoutSeconds,
  setVariable,
} from './functions.ts';

describeDeployed('bad input', () => {
  // Looked at by the last test: a batch without a marker.
  beforeAll(async () => {
    await collectEvents();
    const { dataBucket } = await deployment();
    await (await openStore(`s3://${dataBucket}/quiet`)).write(
      'unlabeled/b/1.png',
      Buffer.from('1'),
    );
  });

  test('a marker without a config starts a run that is refused with the reason', async () => {
    const { dataBucket } = await deployment();
    const data = await openStore(`s3://${dataBucket}/no-config`);
    await data.write('unlabeled/first/_SUCCESS', new Uint8Array());
    const run = await expectRefused('no-config', /no distill\.yaml/, /counterweight init/);
    const [event] = await eventsOf(run, 'RunFailed');
    expect(event!.detail).toMatchObject({ status: 'FAILED', stage: 'Plan', error: 'UserError' });
  });

  test('and so does one with a broken config', async () => {
    const { dataBucket } = await deployment();
    const data = await openStore(`s3://${dataBucket}/broken-config`);
    await data.write('distill.yaml', Buffer.from('task: {'));
    await data.write('unlabeled/first/_SUCCESS', new Uint8Array());
    await expectRefused('broken-config', /distill\.yaml/, /_SUCCESS/);
  });

  test.each([
    ['with a space', 'a b c'],
    ['with a plus', 'a+b'],
    ['with what looks encoded', 'a%2Fb%20c'],
    ['with other letters', 'größe-数据-😀'],
    ['of 1,024 bytes', `${'long/'.repeat(199)}k`],
  ])('a key %s is taken as it is', async (_what, dataset) => {
    const { dataBucket } = await deployment();
    const data = await openStore(`s3://${dataBucket}/${dataset}`);
    // The marker's key is then 1,024 bytes long at most.
    const batch = 'x'.repeat(dataset.startsWith('long') ? 1024 - 996 - 20 : 1);
    await data.write(`unlabeled/${batch}/_SUCCESS`, new Uint8Array());
    const run = await eventually(async () => {
      for (const { arn } of await executionsOf('[a-z0-9-]*')) {
        const [started] = await history(arn);
        const input = JSON.parse(started?.executionStartedEventDetails?.input ?? '{}');
        if (input.dataset === data.location) return input.run as string;
      }
      return undefined;
    });
    expect(run).toMatch(/^[a-z0-9-]+-[0-9a-f]{12}$/);
  });

  test('a poisoned shard is quarantined, and the rest continues', async () => {
    const dataset = oneBatch('webdataset', { limits: '{ quarantine: 60% }' });
    truncateSync(join(dataset, 'unlabeled/first/digits.tar'), 100_000);
    await upload(dataset, 'poisoned');
    const { status, run } = await ended('poisoned');
    expect(status).toBe('SUCCEEDED');
    const { sets } = await readJson(await results(), keys.reconcile(run), reconcileSchema);
    expect(sets.unlabeled.quarantined).toBe(1);
    expect(sets.unlabeled.labeled).toBeGreaterThan(20);
  });

  test('no log line has data in it', async () => {
    const dataset = oneBatch('csv', { limits: '{ quarantine: 50% }' });
    const secret = 'canary-5b1f';
    appendFileSync(join(dataset, 'unlabeled/first/wine.csv'), `${secret},${secret},x\n`);
    await upload(dataset, 'secretive');
    const { status, run } = await ended('secretive');
    expect(status).toBe('SUCCEEDED');
    const messages = await logMessages();
    expect(messages.some((message) => message.includes(run))).toBe(true);
    expect(messages.filter((message) => message.includes(secret))).toEqual([]);
  });

  test('a message with data is in the results, and in no log line', async () => {
    const dataset = oneBatch('csv');
    const secret = 'canary-7d3e';
    appendFileSync(join(dataset, 'labeled/wine.csv'), `12,2,2,18,2,1,medium,${secret}\n`);
    await upload(dataset, 'unknown-label');
    const { status, run } = await ended('unknown-label');
    expect(status).toBe('FAILED');
    const failure = await eventually(async () => readFailure(await results(), run));
    expect(failure).toMatchObject({ stage: 'Plan', error: 'UserError' });
    expect(failure.message).toContain(secret);
    const told = await counterweight('logs', run);
    expect(told.stdout).toContain(secret);
    const messages = await logMessages();
    expect(messages.some((message) => message.includes(`runs/${run}/errors/`))).toBe(true);
    expect(messages.filter((message) => message.includes(secret))).toEqual([]);
  });
});

describeDeployed('faults', () => {
  test('the same event, ten times at once, is one run', async () => {
    const dataset = oneBatch('csv');
    await upload(dataset, 'duplicates');
    const { dataBucket } = await deployment();
    const key = 'unlabeled/first/_SUCCESS';
    const marker = await (await openStore(`s3://${dataBucket}/duplicates`)).head(key);
    const object = { key: `duplicates/${key}`, 'version-id': marker!.version };
    const event = { detail: { bucket: { name: dataBucket }, object } };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => callFunction('Start', event)),
    );
    const { run, status } = await ended('duplicates');
    expect(status).toBe('SUCCEEDED');
    expect(answers).toEqual(Array(10).fill({ started: run }));
    expect(await executionsOf('duplicates')).toHaveLength(1);
  });

  test('a second batch: only its shards are labeled; a worse student does not come into use', async () => {
    // Trained enough to be better than an untrained student.
    const { dataset } = makeDataset('parquet-images', { compare: '[]' });
    const later = `${dataset}-later`;
    renameSync(join(dataset, 'unlabeled/second'), later);
    await upload(dataset, 'two-batches');
    const first = await ended('two-batches');
    expect(first.status).toBe('SUCCEEDED');
    const store = await results();
    const { teacher } = await readJson(store, keys.plan(first.run), planSchema);
    const labels = await keysWithVersions(`labels/${teacher.labels}/`);

    renameSync(later, join(dataset, 'unlabeled/second'));
    writeConfig(dataset, {
      ...formats['parquet-images'],
      compare: '[]',
      warmup: '{ epochs: 1 }',
      student: '{ architecture: mlp, width: 1, depth: 1, epochs: 1, learningRate: 0.000001 }',
    });
    await upload(dataset, 'two-batches');
    const second = await ended('two-batches', 2);
    expect(second.status).toBe('SUCCEEDED');
    const now = await keysWithVersions(`labels/${teacher.labels}/`);
    expect(now).toEqual(expect.arrayContaining(labels));
    expect(now.length).toBeGreaterThan(labels.length);
    expect((await keysOf(`${keys.usage(second.run)}Label/`)).length).toBeGreaterThanOrEqual(
      now.length,
    );

    const publication = await readJson(store, keys.publication(second.run), publicationSchema);
    expect(publication.published).toBe(false);
    const current = await readJson(store, keys.current('two-batches'), currentSchema);
    expect(current.run).toBe(first.run);
  });

  test('a batch that arrives during a run waits for its end, then has one run with the others', async () => {
    const dataset = oneBatch('csv');
    await upload(dataset, 'overlapping');
    const first = await started('overlapping');
    const { dataBucket } = await deployment();
    const data = await openStore(`s3://${dataBucket}/overlapping`);
    const rows = await readBytes(data, 'unlabeled/first/wine.csv');
    for (const batch of ['second', 'third', 'fourth']) {
      await data.write(`unlabeled/${batch}/wine.csv`, rows);
      await data.write(`unlabeled/${batch}/_SUCCESS`, new Uint8Array());
    }
    await eventually(async () => {
      const turn = await readJson(await results(), keys.turn('overlapping'), turnSchema);
      return turn.waiting ? turn : undefined;
    });
    expect(await executionsOf('overlapping')).toHaveLength(1);
    const refused = await counterweight('start', 'overlapping');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`run ${first.run} of the same dataset is running`);
    expect(await ended('overlapping')).toMatchObject({ status: 'SUCCEEDED', run: first.run });
    const second = await ended('overlapping', 2);
    expect(second.status).toBe('SUCCEEDED');
    const [{ stoppedAt } = first] = await executionsOf('overlapping');
    expect(+second.startedAt).toBeGreaterThanOrEqual(+stoppedAt!);
    const record = await readJson(await results(), keys.record(second.run), recordSchema);
    expect(record).toMatchObject({ batches: ['first', 'fourth', 'second', 'third'] });
    // The turn is free again, and nothing follows.
    await eventually(async () => {
      const turn = await readJson(await results(), keys.turn('overlapping'), turnSchema);
      return turn.holder === undefined ? turn : undefined;
    });
    expect(await executionsOf('overlapping')).toHaveLength(2);
    // Two runs one after the other.
  }, 600_000);

  test('a function that is killed in the middle of a shard is called again; nothing is double', async () => {
    const since = new Date();
    const dataset = oneBatch('parquet-images');
    await upload(dataset, 'killed');
    kill(await freezeInTheMiddle('killed'));
    const { status, run } = await ended('killed');
    expect(status).toBe('SUCCEEDED');
    expect(await callErrors(since)).toContain('Runtime.ExitError');
    await expectEachShardOnce(run);
  });

  test('and so is a student that runs out of time', async () => {
    const since = new Date();
    await setTimeoutSeconds('Label', 20); // More than a start takes on a busy machine.
    try {
      const dataset = oneBatch('parquet-images');
      await upload(dataset, 'timed-out');
      await freezeInTheMiddle('timed-out');
      const { status, run } = await ended('timed-out');
      expect(status).toBe('SUCCEEDED');
      expect(await callErrors(since)).toContain('Sandbox.Timedout');
      await expectEachShardOnce(run);
    } finally {
      await setTimeoutSeconds('Label', 900);
    }
  });

  test('throttled calls of a function are tried again until they are let through', async () => {
    await setConcurrency('Label', 0); // LocalStack then answers TooManyRequestsException.
    const dataset = oneBatch('csv');
    await upload(dataset, 'throttled-function');
    const { arn } = await started('throttled-function');
    await eventually(async () =>
      (await shardCounts(arn)).get('Label')?.running ? true : undefined,
    );
    const { failed } = (await shardCounts(arn)).get('Label')!;
    await setConcurrency('Label', undefined);
    const { status, run } = await ended('throttled-function');
    expect(status).toBe('SUCCEEDED');
    expect(failed).toBe(0);
    await expectEachShardOnce(run);
  });

  test('throttled calls of S3 are tried again until they are let through', async () => {
    const proxy = await startFaultyProxy(process.env.AWS_ENDPOINT_URL_S3!);
    const slowDown = { answer: 503, code: 'SlowDown' };
    proxy.faults.push(...Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? 'none' : slowDown)));
    const restore = await setVariable('Label', 'AWS_ENDPOINT_URL_S3', proxy.endpoint);
    try {
      const dataset = oneBatch('parquet-images');
      await upload(dataset, 'throttled');
      const { status, run } = await ended('throttled');
      expect(status).toBe('SUCCEEDED');
      expect(proxy.faults).toEqual([]);
      await expectEachShardOnce(run);
    } finally {
      await restore();
      proxy.stop();
    }
  });

  test('an abort in training stops everything, and what was labeled stays', async () => {
    const dataset = oneBatch('csv', {
      student: '{ architecture: mlp, width: 8, depth: 1, epochs: 10000, batchSize: 8 }',
    });
    await upload(dataset, 'aborted');
    const { arn: executionArn } = await started('aborted');
    const trainings = async () => {
      const entered = await history(executionArn);
      return entered.filter(
        ({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name === 'Train in function',
      ).length;
    };
    // One student, and the two models of the labels alone.
    await eventually(async () => ((await trainings()) === 3 ? true : undefined));
    await openStepFunctions().send(new StopExecutionCommand({ executionArn }));
    const { status, run } = await ended('aborted');
    expect(status).toBe('ABORTED');
    const failure = await eventually(async () => readFailure(await results(), run));
    expect(failure).toMatchObject({ stage: 'Workflow', error: 'ABORTED' });
    // A function records its use when it ends: the trainers did, without a student.
    await eventually(async () => {
      const used = await keysOf(`${keys.usage(run)}Train/`);
      return used.length === 3 ? true : undefined;
    });
    const students = `runs/${run}/students/`;
    const ofNetworks = async (folder: string, file: string) =>
      (await keysOf(folder)).filter((key) => !key.includes('/logistic/') && key.endsWith(file));
    expect(await ofNetworks(keys.checkpoints(students), 'LATEST')).toHaveLength(2);
    expect(await ofNetworks(students, 'student.json')).toEqual([]);
    await expectEachShardOnce(run);
    const told = await counterweight('status', run);
    expect(told.stdout).toMatch(/aborted/i);
    const [event] = await eventsOf(run, 'RunFailed');
    expect(event!.detail).toMatchObject({ status: 'ABORTED', keys: {} });
  });
});

describeDeployed('the sweep', () => {
  test('closes a batch that has been quiet for the set time, which starts its run', async () => {
    const { dataBucket } = await deployment();
    const dataset = await openStore(`s3://${dataBucket}/quiet`);
    await eventually(async () => {
      await callFunction('Sweep', {}); // The schedule may be faster.
      return dataset.head('unlabeled/b/_SUCCESS');
    });
    const { status } = await ended('quiet');
    expect(status).toBe('FAILED'); // It has no config.
    expect(await callFunction('Sweep', {})).toEqual({ marked: 0 });
  });
});

const network = '{ architecture: mlp, width: 8, depth: 1, epochs: 2, batchSize: 32 }';
/** One student and little training: what is tried here is the way there. */
const quick = {
  teacher: `{ train: ${network} }`,
  student: network,
  warmup: '{ epochs: 1 }',
  compare: '[]',
};

/** A dataset whose marker starts one quick run. */
function oneBatch(format: Format, more: Record<string, string> = {}): string {
  const { dataset } = makeDataset(format, { ...quick, ...more });
  rmSync(join(dataset, 'unlabeled/second'), { recursive: true });
  return dataset;
}

async function upload(dataset: string, name: string): Promise<void> {
  const { code, stderr } = await counterweight('upload', dataset, name);
  expect(code, stderr).toBe(0);
}

async function expectRefused(dataset: string, reason: RegExp, hint: RegExp): Promise<string> {
  const { run, status } = await ended(dataset);
  expect(status).toBe('FAILED');
  const failure = await eventually(async () => readFailure(await results(), run));
  expect(failure).toMatchObject({ stage: 'Plan', error: 'UserError' });
  expect(failure.message).toMatch(reason);
  expect(failure.hint).toMatch(hint);
  const record = await readJson(await results(), keys.record(run), recordSchema);
  expect('refused' in record && record.refused.message).toMatch(reason);
  const told = await counterweight('status', run);
  expect(told.code).toBe(1);
  expect(told.stdout).toMatch(reason);
  return run;
}

async function keysWithVersions(prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key, version } of (await results()).list(prefix)) found.push(key + version);
  return found;
}

/**
 * Stops the processes of Label when it has labeled a shard and has others to do, and waits until
 * nothing moves any more: then each of them was given a shard that it will not finish.
 */
async function freezeInTheMiddle(dataset: string): Promise<number[]> {
  const { arn, run } = await started(dataset);
  const labeled = `${keys.usage(run)}Label/`;
  await eventually(async () => ((await keysOf(labeled)).length > 0 ? true : undefined));
  const frozen = freeze('Label');
  let last = '';
  let unchanged = 0;
  await eventually(async () => {
    const counts = JSON.stringify((await shardCounts(arn)).get('Label'));
    unchanged = counts === last ? unchanged + 1 : 0;
    last = counts;
    return unchanged === 5 ? true : undefined;
  });
  return frozen;
}

/** Every shard of the plan has its labels, written once. */
async function expectEachShardOnce(run: string): Promise<void> {
  const store = await results();
  const { teacher, sets } = await readJson(store, keys.plan(run), planSchema);
  const shards = Object.values(sets).reduce((sum, set) => sum + set.shards, 0);
  const versions = await versionsOf(`labels/${teacher.labels}/`);
  expect(versions).toHaveLength(shards);
  expect(new Set(versions).size).toBe(shards);
}
