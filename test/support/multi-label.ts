/** A small dataset whose examples have any number of labels, in a folder of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Random, randomFor } from '../../src/data/random.ts';
import { type Dataset, writeConfig } from './datasets.ts';

/** The labels of a day. */
export const weather = ['hot', 'windy', 'humid'];

/** Examples per set. */
export const sizes = { labeled: 150, unlabeled: 300, test: 100 };

/** A day: its measurements, and its labels. */
interface Day {
  readonly numbers: readonly number[];
  readonly labels: readonly string[];
}

function dayOf(random: Random): Day {
  const numbers = [random(), random(), random()];
  const isTrue = [numbers[0]! > 0.6, numbers[1]! > 0.5, numbers[0]! + numbers[2]! > 1.2];
  return { numbers, labels: weather.filter((_, index) => isTrue[index]) };
}

/**
 * Makes the dataset as a table: three measurements per day, and the labels as a list.
 *
 * @param sections of the config, which replace the default ones.
 */
export function makeWeather(sections: Record<string, string> = {}): Dataset {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const dataset = join(folder, 'weather');
  for (const [index, [set, size]] of Object.entries(sizes).entries()) {
    const random = randomFor(7, index);
    const days = Array.from({ length: size }, () => dayOf(random));
    const rows = days.map(({ numbers, labels }) => [...numbers, listOf(labels, set)].join());
    mkdirSync(join(dataset, set), { recursive: true });
    writeFileSync(join(dataset, set, 'days.csv'), `heat,wind,water,labels\n${rows.join('\n')}\n`);
  }
  mkdirSync(join(folder, 'results'));
  writeConfig(dataset, {
    task: `{ type: tabular-classification, multiLabel: true, classes: [${weather.join()}], target: labels }`,
    data: '{ format: csv }',
    ...sections,
  });
  return { dataset, results: join(folder, 'results') };
}

/** Writes labels as users do: none is `[]`, and an unlabeled example has an empty cell. */
function listOf(labels: readonly string[], set: string): string {
  if (set === 'unlabeled') return '';
  return labels.length === 0 ? '[]' : labels.join(';');
}
