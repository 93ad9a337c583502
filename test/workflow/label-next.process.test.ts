import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'counterweight';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/read.ts';
import { addLabels } from '../../src/data/add-labels.ts';
import { openStore } from '../../src/store/open.ts';
import { makeDataset } from '../support/datasets.ts';

test('labels for the proposed examples are added, and used by the next run', async () => {
  const { dataset, results } = makeDataset('csv');
  const first = await run({ dataset, results, workers: 1 });
  const csv = readFileSync(join(results, `runs/${first.run}/label-next.csv`), 'utf8');
  const rows: Record<string, string>[] = parse(csv, { columns: true });
  expect(rows.length).toBe(first.metrics.labels.unlabeled);
  const shown = first.metrics.labelNext.map(({ id }) => id);
  expect(rows.slice(0, shown.length).map(({ id }) => id)).toEqual(shown);

  const answers = rows.slice(0, 6).map(({ id, prediction }) => `${id},${prediction}`);
  const data = await openStore(dataset);
  const name = 'answers.csv';
  await addLabels(data, await readConfig(data), {
    name,
    text: ['id,label', ...answers].join('\n'),
  });
  const second = await run({ dataset, results, workers: 1 });
  expect(second.run).not.toBe(first.run);
  expect(second.metrics.labels.labeled).toBe(first.metrics.labels.labeled! + 6);
});
