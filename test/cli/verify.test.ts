import { expect, test } from 'vitest';
import { renderVerification } from '../../src/cli/verify.ts';

const run = 'digits-2f7a91c04be3';

test('an intact run', () => {
  const found = { run, isFinished: true, intact: 88, damaged: [], unchecked: [] };
  expect(renderVerification(found, '/results')).toBe(`88 files of ${run} are as written.`);
});

test('a damaged run: each file, and the commands that remove it and what depends on it', () => {
  const file = (name: string) => `runs/${run}/${name}`;
  const damaged = [
    { key: file('label-next.csv'), how: 'is missing', others: [file('metrics.json')] },
    { key: file('predictions.parquet'), how: 'is damaged', others: [file('metrics.json')] },
  ];
  const found = { run, isFinished: false, intact: 1, damaged, unchecked: [file('old.json')] };
  expect(renderVerification(found, 's3://bucket')).toMatchInlineSnapshot(`
    "1 file of digits-2f7a91c04be3 is as written.
    The run has not finished.

    1 file without a checksum:
      runs/digits-2f7a91c04be3/old.json

    2 files not as written:
      runs/digits-2f7a91c04be3/label-next.csv is missing
      runs/digits-2f7a91c04be3/predictions.parquet is damaged

    Copy them again; or remove them with what depends on them, and run the workflow again:
      aws s3 rm 's3://bucket/runs/digits-2f7a91c04be3/label-next.csv'
      aws s3 rm 's3://bucket/runs/digits-2f7a91c04be3/metrics.json'
      aws s3 rm 's3://bucket/runs/digits-2f7a91c04be3/predictions.parquet'"
  `);
});
