import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { openStore } from '../../src/store/open.ts';

test.each([
  ['data/set', resolve('data/set')],
  ['/data/set/', '/data/set'],
  [pathToFileURL('/data/a b').href, '/data/a b'],
  ['s3://my-bucket', 's3://my-bucket'],
  ['s3://my-bucket/', 's3://my-bucket'],
  ['s3://my-bucket/a b/c%20d/', 's3://my-bucket/a b/c%20d'],
])('%s opens', async (location, expected) => {
  expect((await openStore(location)).location).toBe(expected);
});

test.each([
  '',
  'gs://bucket/x',
  'https://host/x',
  's3://',
  's3://Bucket/x',
  's3://b',
  'file://host/x',
  's3:/my-bucket/x',
  's3:my-bucket',
  's3//my-bucket',
  'arn:aws:s3:::my-bucket',
])('%j is not a location', async (location) => {
  await expect(openStore(location)).rejects.toThrow(UserError);
});

test('a file is not a location', async () => {
  await expect(openStore(fileURLToPath(import.meta.url))).rejects.toThrow(/is a file/);
});
