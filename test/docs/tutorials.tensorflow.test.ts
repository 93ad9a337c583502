/** Runs the configs and the programs of the tutorials on tiny data. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { inspect } from '../../src/init/inspect.ts';
import { type LoadedStudent, loadStudent } from '../../src/models/load-student.ts';
import type { Progress } from '../../src/run/context.ts';
import { keys } from '../../src/run/keys.ts';
import { planRun } from '../../src/stages/plan.ts';
import { startRun } from '../../src/stages/start.ts';
import { trainVariant } from '../../src/stages/train.ts';
import { FolderStore } from '../../src/store/folder.ts';
import type { Dataset } from '../support/datasets.ts';
import { blocksOf } from '../support/document-blocks.ts';
import { context, weighed } from '../support/staged-run.ts';

const fixtures = join(import.meta.dirname, '../fixtures');
const copyAll = { recursive: true };
type Files = Record<string, string | Uint8Array>;

/** Returns the only block of a language in a tutorial. */
function block(tutorial: string, language: string): string {
  const blocks = blocksOf(`docs/tutorials/${tutorial}.md`, language);
  expect(blocks).toHaveLength(1);
  return blocks[0]!;
}

/** Teachers of own-teacher.md, in the order of their sections. */
const kinds = ['pytorch', 'keras', 'scikit-learn', 'hugging-face', 'predictions'];

/** Settings that shorten a run. */
const shorter = 'folds: 2\nrelabel: { rounds: 1 }\n';

/** Writes a dataset with the tutorial's config and, if given, an encoder. */
function datasetOf(tutorial: string, files: Files, encoder?: string): Dataset {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-tutorial-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [dataset, results] = [join(folder, tutorial), join(folder, 'results')];
  mkdirSync(dataset);
  mkdirSync(results);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dataset, name)), { recursive: true });
    writeFileSync(join(dataset, name), content);
  }
  if (encoder) cpSync(join(fixtures, 'encoders', encoder), join(dataset, 'encoder'), copyAll);
  writeFileSync(join(dataset, 'distill.yaml'), block(tutorial, 'yaml') + shorter);
  return { dataset, results };
}

/** Trains the student that the program of the tutorial loads, and returns what it prints. */
async function printed(
  tutorial: string,
  made: Dataset,
  photo: Buffer = Buffer.of(),
): Promise<unknown[]> {
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

/** A small photo of the class that the row has. */
function photo(row: number): Promise<Buffer> {
  const background = ['#20a030', '#a05020', '#303050'][row % 3]!;
  return sharp({ create: { width: 12, height: 12, channels: 3, background } })
    .modulate({ brightness: 1 + row / 100 })
    .png()
    .toBuffer();
}

async function leaves(): Promise<Files> {
  const { classes } = parse(block('photos', 'yaml')).task;
  const files: Files = {};
  for (let row = 0; row < 24; row++) {
    const bytes = await photo(row);
    files[`labeled/${classes[row % 3]}/${row}.png`] = bytes;
    files[`test/${classes[row % 3]}/${row}.png`] = bytes;
    files[`unlabeled/2026-11/${row}.png`] = await photo(row + 24);
  }
  return files;
}

function reviews(): Files {
  const text = (row: number) =>
    row % 2 ? `the film was good a plot ${row}` : `not the bad film was ${row}`;
  const rows = (labels: boolean, from: number) =>
    Array.from({ length: 24 }, (_, index) => {
      const label = labels ? [(from + index) % 2 ? 'positive' : 'negative'] : [];
      return `${[text(from + index), ...label].join()}\n`;
    }).join('');
  return {
    'labeled/reviews.csv': `text,label\n${rows(true, 0)}`,
    'test/reviews.csv': `text,label\n${rows(true, 100)}`,
    'unlabeled/2026-11/new.csv': `text\n${rows(false, 200)}`,
  };
}

test('photos', async () => {
  const made = datasetOf('photos', await leaves(), 'image');
  const { classes } = parse(block('photos', 'yaml')).task;
  const { config } = await inspect(new FolderStore(made.dataset));
  expect(config.task).toMatchObject({ type: 'image-classification', classes });
  const [name, probabilities] = await printed('photos', made, await photo(60));
  expect(classes).toContain(name);
  expect(probabilities).toHaveLength(3);
});

test('texts', async () => {
  const made = datasetOf('texts', reviews(), 'text');
  const { config } = await inspect(new FolderStore(made.dataset));
  const { task, student } = parse(block('texts', 'yaml'));
  expect(config).toMatchObject({ task, student });
  const [name, probabilities] = await printed('texts', made);
  expect(name).toBe('positive');
  expect(probabilities).toHaveLength(2);
});

test('table', async () => {
  const made = datasetOf('table', {});
  cpSync(join(fixtures, 'workflow/csv'), made.dataset, copyAll);
  const [name, probabilities] = await printed('table', made);
  expect(name).toMatch(/^cultivar [012]$/);
  expect(probabilities).toHaveLength(3);
});

describe('own-teacher: Plan accepts the teacher that the program makes', () => {
  // The programs ran in Python: test/fixtures/make-tutorial-teachers.py.
  test.each([
    ['photos', 'pytorch'],
    ['photos', 'keras'],
    ['table', 'scikit-learn'],
    ['texts', 'hugging-face'],
    ['table', 'predictions'],
  ])('%s: %s', async (tutorial, folder) => {
    const files = { photos: leaves, texts: reviews, table: () => ({}) }[tutorial]!;
    const made = datasetOf(tutorial, await files());
    if (tutorial === 'table') cpSync(join(fixtures, 'workflow/csv'), made.dataset, copyAll);
    cpSync(join(fixtures, 'tutorial-teachers', folder), join(made.dataset, 'teacher'), copyAll);
    const sections = blocksOf('docs/tutorials/own-teacher.md', 'yaml').map((yaml) => parse(yaml));
    const [teacher] = sections.slice(kinds.indexOf(folder));
    const config = { ...parse(block(tutorial, 'yaml')), ...teacher };
    if (tutorial === 'photos') config.student = { architecture: 'convnet' };
    writeFileSync(join(made.dataset, 'distill.yaml'), stringify(config));
    const started = await startRun(made.dataset, made.results);
    const reports: Progress[] = [];
    const event = { ...started, execution: started.run };
    await planRun(event, { ...context, report: (progress) => reports.push(progress) });
    const warnings = reports.filter(({ level }) => level === 'warning');
    if (tutorial === 'table') expect(warnings).toEqual([]);
  });
});
