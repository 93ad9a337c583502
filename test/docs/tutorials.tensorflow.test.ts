/** Runs the configs and the programs of the tutorials on tiny data. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { inspect } from '../../src/init/inspect.ts';
import { type LoadedStudent, loadStudent } from '../../src/models/load-student.ts';
import { keys } from '../../src/run/keys.ts';
import { trainVariant } from '../../src/stages/train.ts';
import { FolderStore } from '../../src/store/folder.ts';
import type { Dataset } from '../support/datasets.ts';
import { context, weighed } from '../support/staged-run.ts';

const root = join(import.meta.dirname, '../..');
type Files = Record<string, string | Uint8Array>;

/** Returns the only block of a language in a tutorial. */
function block(tutorial: string, language: string): string {
  const page = readFileSync(join(root, `docs/tutorials/${tutorial}.md`), 'utf8');
  const blocks = [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))];
  expect(blocks).toHaveLength(1);
  return blocks[0]![1]!;
}

/** Settings that shorten a run. */
const shorter = 'folds: 2\nrelabel: { rounds: 1 }\n';

/** Writes a dataset with the tutorial's config and an encoder. */
function datasetOf(tutorial: string, files: Files, encoder: string): Dataset {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-tutorial-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [dataset, results] = [join(folder, tutorial), join(folder, 'results')];
  mkdirSync(results);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dataset, name)), { recursive: true });
    writeFileSync(join(dataset, name), content);
  }
  cpSync(join(root, 'test/fixtures/encoders', encoder), join(dataset, 'encoder'), {
    recursive: true,
  });
  writeFileSync(join(dataset, 'distill.yaml'), block(tutorial, 'yaml') + shorter);
  return { dataset, results };
}

/** Trains the student that the program of the tutorial loads, and returns what it prints. */
async function printed(tutorial: string, made: Dataset, photo = Buffer.of()): Promise<unknown[]> {
  const { event, job } = await weighed(made);
  await trainVariant({ ...event, variant: 'relabel' }, context);
  const program = block(tutorial, 'js').replaceAll(/^import .*\n/gm, '');
  const load = (path: string): Promise<LoadedStudent> => {
    expect(path).toMatch(/^counterweight-results\/runs\/\w+-1\/students\/relabel$/);
    return loadStudent(join(made.results, keys.student(job.run, 'relabel')));
  };
  const lines: unknown[] = [];
  const log = { log: (...values: unknown[]) => lines.push(...values) };
  const body = `return (async () => {${program}})()`;
  await new Function('loadStudent', 'readFile', 'console', body)(load, async () => photo, log);
  return lines;
}

test('photos', async () => {
  const { classes } = parse(block('photos', 'yaml')).task;
  const colors = ['#20a030', '#a05020', '#303050'];
  const photo = (row: number) =>
    sharp({ create: { width: 12, height: 12, channels: 3, background: colors[row % 3]! } })
      .modulate({ brightness: 1 + row / 100 })
      .png()
      .toBuffer();
  const files: Files = {};
  for (let row = 0; row < 24; row++) {
    const bytes = await photo(row);
    files[`labeled/${classes[row % 3]}/${row}.png`] = bytes;
    files[`test/${classes[row % 3]}/${row}.png`] = bytes;
    files[`unlabeled/2026-11/${row}.png`] = await photo(row + 24);
  }
  const made = datasetOf('photos', files, 'image');
  const { config } = await inspect(new FolderStore(made.dataset));
  expect(config.task).toMatchObject({ type: 'image-classification', classes });
  const [name, probabilities] = await printed('photos', made, await photo(60));
  expect(classes).toContain(name);
  expect(probabilities).toHaveLength(3);
});

test('texts', async () => {
  const text = (row: number) =>
    row % 2 ? `the film was good a plot ${row}` : `not the bad film was ${row}`;
  const rows = (labels: boolean, from: number) =>
    Array.from({ length: 24 }, (_, index) => {
      const label = labels ? [(from + index) % 2 ? 'positive' : 'negative'] : [];
      return `${[text(from + index), ...label].join()}\n`;
    }).join('');
  const made = datasetOf(
    'texts',
    {
      'labeled/reviews.csv': `text,label\n${rows(true, 0)}`,
      'test/reviews.csv': `text,label\n${rows(true, 100)}`,
      'unlabeled/2026-11/new.csv': `text\n${rows(false, 200)}`,
    },
    'text',
  );
  const { config } = await inspect(new FolderStore(made.dataset));
  const { task, student } = parse(block('texts', 'yaml'));
  expect(config).toMatchObject({ task, student });
  const [name, probabilities] = await printed('texts', made);
  expect(name).toBe('positive');
  expect(probabilities).toHaveLength(2);
});
