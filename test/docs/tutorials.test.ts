/** Compares the tutorials with the product: what it writes, prints and accepts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renderAdded } from '../../src/cli/add-labels.ts';
import { renderComparison } from '../../src/cli/compare-text.ts';
import { parseConfig } from '../../src/config/load.ts';
import { readConfig } from '../../src/config/read.ts';
import { addLabels } from '../../src/data/add-labels.ts';
import { inspect } from '../../src/init/inspect.ts';
import { writeConfig } from '../../src/init/write-config.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { makeDataset } from '../support/datasets.ts';
import { blocksOf } from '../support/document-blocks.ts';
import { sampleMetrics } from '../support/sample-metrics.ts';

const wine = join(import.meta.dirname, '../fixtures/workflow/csv');
const table = 'docs/tutorials/table.md';
const labels = 'docs/tutorials/add-labels.md';

test('table.md shows the files and the config that init writes for them', async () => {
  const [rows] = blocksOf(table, 'csv');
  const file = readFileSync(join(wine, 'labeled/wine.csv'), 'utf8').replaceAll('\r\n', '\n');
  expect(file.startsWith(rows!)).toBe(true);
  const { config, columns, questions } = await inspect(new FolderStore(wine));
  const written = writeConfig(config, columns, questions);
  const [yaml] = blocksOf(table, 'yaml');
  expect(parseConfig(yaml!, 'table.md')).toEqual(parseConfig(written, 'distill.yaml'));
  const described = blocksOf(table, '').find((text) => text.startsWith('alcalinity'))!;
  for (const line of described.trim().split('\n')) expect(written).toContain(`#   ${line}\n`);
});

test('add-labels.md shows a table that add-labels reads once the labels are filled in', async () => {
  const store = new FolderStore(makeDataset('csv').dataset);
  const [csv] = blocksOf(labels, 'csv');
  const answers = csv!.replace(',,cultivar 0,', ',cultivar 1,cultivar 0,');
  const added = await addLabels(store, await readConfig(store), {
    name: 'labels.csv',
    text: answers,
  });
  expect(added).toMatchObject({ labels: 1, unanswered: 1 });
});

test('add-labels.md shows what add-labels and compare print', () => {
  const printed = blocksOf(labels, '');
  const files = ['labeled/answers-3f9e7623f65f.csv'];
  expect(printed).toContain(
    `${renderAdded({ labels: 12, known: 0, unanswered: 46, files }, 'wine')}\n`,
  );
  const runs = ['wine-1', 'wine-2'].map((run) => sampleMetrics({ run }));
  const differences = [{ examples: 40, value: 0.025, low: 0, high: 0.086 }];
  const [, difference] = renderComparison({ runs, differences, settings: [] }).split('\n\n');
  expect(printed).toContain(`${difference}\n`);
});

test('the limit in deploy.md is a field of the config', () => {
  const [limit] = blocksOf('docs/tutorials/deploy.md', 'yaml');
  const [config] = blocksOf(table, 'yaml');
  expect(parseConfig(config! + limit!, 'deploy.md').limits.budgetUsd).toBe(5);
});
