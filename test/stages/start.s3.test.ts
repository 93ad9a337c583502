/** The trigger's part that decides: which marker starts which run. */
import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Context } from '../../src/run/context.ts';
import { keys } from '../../src/run/keys.ts';
import { recordSchema } from '../../src/run/plan-file.ts';
import { planRun } from '../../src/stages/plan.ts';
import { datasetName, type StartedRun, startBatch } from '../../src/stages/start.ts';
import { readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import { S3Store } from '../../src/store/s3.ts';
import { put } from '../support/put.ts';
import { useLocalS3 } from '../support/s3/local-s3.ts';

const { missing, admin, makeBucket } = await useLocalS3();
const [bucket, resultsBucket] = missing ? ['', ''] : [await makeBucket(), await makeBucket()];
const results = `s3://${resultsBucket}`;

const config = `
task: { type: tabular-classification, classes: [red, white], target: colour }
data: { format: csv }
teacher: { predictions: teacher }
student: { architecture: mlp }
`;

describe.skipIf(missing)('startBatch', () => {
  /** A dataset of its own for each test: s3://BUCKET/<id>/wine. */
  let dataset: string;
  let prefix: string;
  beforeEach(() => {
    prefix = `${randomUUID()}/wine`;
    dataset = `s3://${bucket}/${prefix}`;
  });

  /** Puts the marker of a batch, and returns its event. */
  async function complete(batch: string) {
    const key = batch === '' ? 'unlabeled/_SUCCESS' : `unlabeled/${batch}/_SUCCESS`;
    const { version } = await put(dataset, key);
    return { bucket, key: `${prefix}/${key}`, version };
  }

  test('makes the record of the run that the marker asks for', async () => {
    await put(dataset, 'distill.yaml', config);
    const started = await startBatch(await complete('monday'), results);
    expect(started).toEqual({
      run: expect.stringMatching(/^wine-[0-9a-f]{6}-[0-9a-f]{12}$/),
      dataset,
      results,
    });
    expect(await recordOf(started)).toMatchObject({
      run: started!.run,
      dataset,
      batches: ['monday'],
      config: { task: { classes: ['red', 'white'] }, student: { width: 128 } },
    });
  });

  test('an event that comes ten times at once is one run', async () => {
    await put(dataset, 'distill.yaml', config);
    const marker = await complete('monday');
    const events = Array.from({ length: 10 }, () => startBatch(marker, results));
    const runs = (await Promise.all(events)).map((started) => started!.run);
    expect(new Set(runs).size).toBe(1);
  });

  test('looks up markers, and lists no objects', async () => {
    await put(dataset, 'distill.yaml', config);
    const marker = await complete('monday');
    const listed = vi.spyOn(S3Store.prototype, 'list');
    expect(await startBatch(marker, results)).toBeDefined();
    expect(listed).not.toHaveBeenCalled();
  });

  test('an event that comes late, after its marker was replaced, starts nothing', async () => {
    await put(dataset, 'distill.yaml', config);
    const first = await complete('monday');
    const started = await startBatch(first, results);
    const second = await complete('monday');
    expect(await startBatch(first, results)).toBeUndefined();
    const again = await startBatch(second, results);
    expect(again!.run).not.toBe(started!.run);
  });

  test('nor does one whose marker was taken away', async () => {
    await put(dataset, 'distill.yaml', config);
    const marker = await complete('monday');
    await admin.send(new DeleteObjectCommand({ Bucket: bucket, Key: marker.key }));
    expect(await startBatch(marker, results)).toBeUndefined();
  });

  test('batches that are completed at the same time are one run over both', async () => {
    await put(dataset, 'distill.yaml', config);
    const markers = [await complete('tuesday'), await complete('monday'), await complete('')];
    const runs = await Promise.all(markers.map((marker) => startBatch(marker, results)));
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]).toEqual(runs[2]);
    expect(await recordOf(runs[0])).toMatchObject({ batches: ['', 'monday', 'tuesday'] });
    const wednesday = await startBatch(await complete('wednesday'), results);
    expect(wednesday!.run).not.toBe(runs[0]!.run);
    expect(await recordOf(wednesday)).toMatchObject({
      batches: ['', 'monday', 'tuesday', 'wednesday'],
    });
  });

  test.each([
    '_SUCCESS',
    'unlabeled/monday/_SUCCESS',
    'wine/_SUCCESS',
    'wine/labeled/_SUCCESS',
    'wine/unlabeled/monday/part/_SUCCESS',
    'wine/unlabeled/monday/_SUCCESS.txt',
    'wine/unlabeled/monday/not_SUCCESS',
    'wine//unlabeled/monday/_SUCCESS',
    'wine/unlabeled//_SUCCESS',
    '/unlabeled/monday/_SUCCESS',
  ])('a key that is not a marker starts nothing: %s', async (key) => {
    await put(`s3://${bucket}/wine`, 'distill.yaml', config);
    const { VersionId } = await putRaw(key);
    const started = await startBatch({ bucket, key, version: VersionId! }, results);
    expect(started).toBeUndefined();
  });

  describe('keys are taken as they are:', () => {
    test.each([
      ['with spaces', 'red wine/the 1st/unlabeled/a b '],
      ['with +', 'red+wine/unlabeled/a+b'],
      ['with %2F', 'red%2Fwine/unlabeled/a%2Fb%20c'],
      ['with unicode', 'vin rouge 🍷/日本/unlabeled/e\u0301té'],
      ['with a leading /', '/wine/unlabeled/monday'],
      ['with a dataset called unlabeled', 'unlabeled/unlabeled/monday'],
      ['with a batch called unlabeled', 'sets/wine/unlabeled/unlabeled'],
      ['of 1,024 bytes', `${'w'.repeat(500)}/unlabeled/${'é'.repeat(252)}`],
    ])('%s', async (_, batch) => {
      const key = `${batch}/_SUCCESS`;
      const [location] = `s3://${bucket}/${key}`.split(/(?<=[^/])\/unlabeled\/(?=[^/]*\/_SUCCESS)/);
      await put(location!, 'distill.yaml', config);
      const { VersionId } = await putRaw(key);
      const started = await startBatch({ bucket, key, version: VersionId! }, results);
      expect(started?.dataset).toBe(location);
      expect(started?.run).toMatch(runName);
      expect(await recordOf(started)).toMatchObject({ batches: [batch.split('/').at(-1)] });
    });
  });

  describe('a run that cannot be is refused in its record, and Plan fails with just that', () => {
    test.each([
      ['no config', undefined, /^there is no distill\.yaml in s3:/, /^Write one with: .*init s3:/],
      ['no YAML', 'task: {', /distill\.yaml, line 1, column 8: this is not YAML/, /^Check the/],
      ['a wrong field', `${config}studnet: 1`, /studnet/, /^Correct the file/],
    ])('%s', async (_, text, message, hint) => {
      if (text) await put(dataset, 'distill.yaml', text);
      const started = await startBatch(await complete('monday'), results);
      const record = await recordOf(started);
      expect(record).toEqual({
        run: started!.run,
        dataset,
        refused: {
          message: expect.stringMatching(message),
          hint: expect.stringMatching(hint),
        },
      });
      const { refused } = record as Extract<typeof record, { refused: unknown }>;
      expect(refused.hint).toMatch(/\nThen write the _SUCCESS of the batch again\.$/);
      const failure = await planned(started!).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: 'UserError', ...refused });
    });

    test('and after the config is mended, the marker put again starts a run', async () => {
      const refused = await startBatch(await complete('monday'), results);
      await put(dataset, 'distill.yaml', config);
      const started = await startBatch(await complete('monday'), results);
      expect(started!.run).not.toBe(refused!.run);
      expect(await recordOf(started)).toHaveProperty('config');
    });
  });

  function planned(started: StartedRun) {
    const context: Context = { signal: new AbortController().signal, report: () => {} };
    return planRun({ ...started, execution: started.run }, context);
  }
});

/** Names that Step Functions accepts, with room for the number of an attempt. */
const runName = /^[a-z0-9-]{1,69}$/;

test('two datasets never share a name', () => {
  const prefixes = [
    ...['wine', 'Wine', 'WINE', 'wine ', 'wine-', '/wine', 'red/wine', 'red/Wine'],
    ...['red wine', 'red+wine', 'red%2Fwine', 'red-wine', 'red--wine', 'red/wine/', 'wine/red'],
    ...['葡萄酒', '红酒', '🍷', 'w'.repeat(60), 'w'.repeat(61), '-', 'dataset', 'a/dataset'],
  ];
  const names = prefixes.map((prefix) => datasetName(new S3Store(`s3://data/${prefix}`)));
  // A "/" at the end has no meaning.
  const different = new Set(prefixes.map((prefix) => prefix.replace(/\/$/, '')));
  expect(new Set(names).size).toBe(different.size);
  expect(datasetName(new S3Store('s3://data/wine'))).toBe('wine');
  for (const name of names) expect(`${name}-0123456789ab`).toMatch(runName);
});

async function recordOf(started: StartedRun | undefined) {
  return readJson(await openStore(results), keys.record(started!.run), recordSchema);
}

/** An object at exactly this key, which a location and a key in it may not be able to spell. */
function putRaw(Key: string) {
  return admin.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Buffer.from('') }));
}
