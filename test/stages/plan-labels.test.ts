/** Labels, ids and files that Plan accepts, warns of or refuses. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import sharp from 'sharp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { inspect } from '../../src/init/inspect.ts';
import { writeConfig } from '../../src/init/write-config.ts';
import { keys } from '../../src/run/keys.ts';
import { planSchema } from '../../src/run/plan-file.ts';
import { planRun } from '../../src/stages/plan.ts';
import { startRun } from '../../src/stages/start.ts';
import { readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';

type Files = Record<string, string | Uint8Array>;

function datasetOf(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-plan-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [key, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, 'data', key)), { recursive: true });
    writeFileSync(join(folder, 'data', key), content);
  }
  return folder;
}

/** Plans a dataset, by default with the config that `init` writes. */
async function planned(files: Files, change = (config: string) => config) {
  const folder = datasetOf(files);
  const dataset = join(folder, 'data');
  const { config, notes } = await inspect(await openStore(dataset));
  writeFileSync(join(dataset, 'distill.yaml'), change(writeConfig(config)));
  const started = await startRun(dataset, join(folder, 'results'));
  const context = { signal: new AbortController().signal, report: () => {} };
  await planRun({ ...started, execution: started.run }, context);
  const results = await openStore(started.results);
  const plan = await readJson(results, keys.plan(started.run), planSchema);
  return { ...plan, notes: notes.join('\n') };
}

async function refusal(files: Files, change?: (config: string) => string) {
  const error = await planned(files, change).catch((error: unknown) => error);
  if (!(error instanceof UserError)) throw error;
  return `${error.message}\n${error.hint}`;
}

/** A table with two columns of numbers; the label of row i is the i-th, repeatedly. */
function table(rows: number, labels: readonly string[]): string {
  const lines = Array.from(
    { length: rows },
    (_, i) => `${i % 7},${i % 5},${labels[i % labels.length]}`,
  );
  return `x1,x2,label\n${lines.join('\n')}\n`;
}

const image = new Uint8Array(
  await sharp({ create: { width: 4, height: 4, channels: 3, background: '#345678' } })
    .png()
    .toBuffer(),
);

describe('labels', () => {
  const twelve = Array.from({ length: 12 }, (_, index) => String(index));

  test('numbers of floats in one set and of integers in another are the same classes', async () => {
    const { classes } = await planned({
      'labeled/a.csv': table(
        36,
        twelve.map((name) => `${name}.0`),
      ),
      'test/a.csv': table(24, twelve),
      'unlabeled/b/a.csv': table(24, twelve),
    });
    expect(classes).toEqual(twelve);
  });

  test('a number that the labeled set does not have is refused in any other set', async () => {
    const files = (set: string) => ({
      'labeled/a.csv': table(30, ['3', '5', '8']),
      [`${set}/a.csv`]: table(30, ['3', '5', '8', '0']),
      'unlabeled/b/a.csv': table(30, ['3']),
    });
    for (const set of ['test', 'validation']) {
      expect(await refusal(files(set))).toMatch(
        new RegExp(
          `'a.csv:3' of the ${set} set has the label '0', which is not a class. The 3 classes: 3, 5, 8`,
        ),
      );
    }
  });

  test('names of folders are the same in any form of Unicode', async () => {
    const { classes, warnings } = await planned({
      'labeled/caf\u00e9/0.png': image,
      'labeled/tea/0.png': image,
      'test/cafe\u0301/0.png': image,
      'unlabeled/b/0.png': image,
    });
    expect(classes).toEqual(['caf\u00e9', 'tea']);
    expect(warnings).toEqual([]);
  });

  test('a class that data.missing would hide is kept or reported', async () => {
    const rows = (...labels: string[]) => ({
      'labeled/a.csv': table(30, labels),
      'unlabeled/b/a.csv': table(30, ['DE']),
    });
    const two = await planned(rows('DE', 'NA'));
    expect(two.classes).toEqual(['DE', 'NA']);
    expect(two.notes).toContain('15 labeled examples have the label NA, which is in data.missing');
    expect(await refusal(rows('DE', 'FR', 'NA'))).toMatch(
      /10 of 30 examples of the labeled set cannot be used[\s\S]*'NA', which is in data\.missing/,
    );
    const listed = await planned(rows('DE', 'FR', 'NA'), (config) =>
      config.replace('[DE, FR]', '[DE, FR, NA]'),
    );
    expect(listed.warnings).toEqual([]);
  });

  test('few examples without a label are left out with a warning, many are refused', async () => {
    const files = (labels: string[]) => ({
      'labeled/a.csv': table(300, labels),
      'unlabeled/b/a.csv': table(30, ['a']),
    });
    const most = Array.from({ length: 297 }, (_, index) => (index % 2 === 0 ? 'a' : 'b'));
    const { warnings } = await planned(files([...most, '', '-1', 'NA']));
    expect(warnings).toEqual([
      expect.stringMatching(
        /^3 of 300 examples of the labeled set cannot be used.*1 example: It has no label/,
      ),
    ]);
    expect(await refusal(files(['a', 'b', '-1']))).toContain('100 of 300 examples');
  });

  test('names in one set and indices in another are refused', async () => {
    const files = {
      'labeled/a.csv': table(30, ['cat', 'dog']),
      'test/a.csv': table(30, ['0', '1']),
      'unlabeled/b/a.csv': table(30, ['cat']),
    };
    expect(await refusal(files)).toContain("Some labels are names of classes, such as 'cat'");
  });

  test('lists of classes are counted by class, and checked in every set', async () => {
    const quoted = (...lists: string[]) => lists.map((list) => `"${list.replaceAll('"', '""')}"`);
    const lists = quoted('["red","wet"]', '["wet"]', 'wet; red');
    const files = (...test: string[]) => ({
      'labeled/a.csv': table(30, lists),
      'test/a.csv': table(30, quoted(...test)),
      'unlabeled/b/a.csv': table(30, ['']),
    });
    const { classes, config, warnings, estimate } = await planned(files('[]', 'wet'));
    expect(classes).toEqual(['red', 'wet']);
    expect(config.task.multiLabel).toBe(true);
    expect(warnings).toEqual(['every example of the labeled set has wet: add examples without it']);
    expect(estimate.sets.labeled.examples).toBe(30);
    expect(await refusal(files('[]', '["wet","rde"]'))).toMatch(
      /'a\.csv:1' of the test set has the label 'rde' in '\["wet","rde"\]', which is not a class\. The 2 classes: red, wet\.\nThe nearest class is 'red'/,
    );
    const single = (config: string) => config.replace(/multiLabel: true/, 'multiLabel: false');
    expect(await refusal(files('[]'), single)).toContain('set task.multiLabel: true');
  });

  test('classes in a file may be indices in the data', async () => {
    const { config } = await planned({
      'classes.json': '["cat", "dog"]',
      'labeled/a.csv': table(30, ['0', '1']),
      'test/a.csv': table(30, ['1.0', '0.0']),
      'unlabeled/b/a.csv': table(30, ['0']),
    });
    expect(config.task.classes).toEqual(['cat', 'dog']);
  });
});

describe('files', () => {
  test('that are left out are counted, and their class does not vanish', async () => {
    const plan = await planned({
      ...{ 'labeled/cat/0.png': image, 'labeled/dog/0.png': image, 'labeled/owl/0.bmp': 'BM' },
      ...{ 'labeled/owl/1.gif': 'GIF', 'test/cat/0.png': image, 'test/dog/0.tif': 'II*' },
      ...{ 'unlabeled/b/0.png': image, 'unlabeled/b/Thumbs.db': '' },
    });
    expect(plan.classes).toEqual(['cat', 'dog', 'owl']);
    expect(plan.notes).toContain('labeled/: 2 files were left out (1 .bmp, 1 .gif)');
    expect(plan.leftOut.map(({ set, reason, files }) => [set, reason, files])).toEqual([
      ['labeled', '.bmp', 1],
      ['labeled', '.gif', 1],
      ['test', '.tif', 1],
      ['unlabeled', 'hidden or system file', 1],
    ]);
    const warnings = plan.warnings.join('\n');
    expect(warnings).toContain('the labeled set has no example of owl');
    expect(warnings).toContain('all files of labeled/owl/ are left out');
    expect(warnings).toContain('all files of test/dog/ are left out');
    expect(warnings).toContain('test/: 1 file was left out (1 .tif)');
    expect(warnings).not.toContain('Thumbs');
  });
});

describe('stored answers', () => {
  const rowsOf = (labels: string[]) => table(6, labels);
  const data = {
    'labeled/a.csv': rowsOf(['a', 'b']),
    'test/a.csv': rowsOf(['b', 'a']),
    'unlabeled/b/a.csv': rowsOf(['a']),
  };
  const all = [0, 1, 2, 3, 4, 5];
  const labeled = all.map((row) => `a.csv:${row}`);
  const unlabeled = all.map((row) => `b/a.csv:${row}`);

  function answers(ids: string[], sets?: string[]): Uint8Array {
    return new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'id', data: ids },
          ...(sets ? [{ name: 'set', data: sets }] : []),
          { name: 'probabilities', data: ids.map(() => [0.6, 0.4]) },
        ],
        schema: [
          { name: 'root', num_children: sets ? 3 : 2 },
          { name: 'id', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
          ...(sets
            ? [
                {
                  ...{ name: 'set', type: 'BYTE_ARRAY' as const },
                  ...{ converted_type: 'UTF8' as const, repetition_type: 'OPTIONAL' as const },
                },
              ]
            : []),
          {
            ...{ name: 'probabilities', converted_type: 'LIST' as const },
            ...{ repetition_type: 'OPTIONAL' as const, num_children: 1 },
          },
          { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
          { name: 'element', type: 'FLOAT', repetition_type: 'OPTIONAL' },
        ],
      }),
    );
  }

  test('of one id in two sets are refused, with the column that separates them', async () => {
    const files = { ...data, 'teacher/p/x.parquet': answers([...labeled, ...unlabeled]) };
    expect(await refusal(files)).toMatch(
      /the id 'a\.csv:0' is of an example of labeled\/ and one of test\/[\s\S]*Add a column "set"/,
    );
  });

  test('with the set of each are accepted', async () => {
    const sets = [
      ...labeled.map(() => 'labeled'),
      ...labeled.map(() => 'test'),
      ...unlabeled.map(() => 'unlabeled'),
    ];
    const ids = [...labeled, ...labeled, ...unlabeled];
    const plan = await planned({ ...data, 'teacher/p/x.parquet': answers(ids, sets) });
    expect(plan.teacher.kind).toBe('predictions');
  });

  test('of the unlabeled set only are refused', async () => {
    expect(await refusal({ ...data, 'teacher/p/x.parquet': answers(unlabeled) })).toMatch(
      /6 of 6 examples of labeled\/ have no answer among the predictions in teacher\/p, such as 'a\.csv:0'[\s\S]*labeled\/ needs predictions too/,
    );
  });

  test('of ids that start again in each file are refused', async () => {
    const withIds = (text: string) =>
      text
        .split('\n')
        .map((line, row) => (row === 0 ? `id,${line}` : line && `${row},${line}`))
        .join('\n');
    const files = {
      'labeled/a.csv': withIds(rowsOf(['a', 'b'])).replaceAll(/^(\d)/gm, 'l$1'),
      'unlabeled/b/a.csv': withIds(table(60, ['a'])),
      'unlabeled/b/b.csv': withIds(table(60, ['a'])),
    };
    const ids = [...Array(60).keys()].map((row) => String(row + 1));
    const of = (names: string[]) => ({ ...files, 'teacher/p/x.parquet': answers(names) });
    const small = (config: string) =>
      config.replace(/format: csv/, 'format: csv\n  shardMiB: 0.0005');
    const given = of([...ids, ...all.map((row) => `l${row + 1}`)]);
    expect(await refusal(given, small)).toContain(
      'the data has 126 examples, and there are 66 answers',
    );
  });

  test('of an id in labeled/ and in unlabeled/ are refused', async () => {
    const same = 'id,x1,x2,label\n1,1,2,a\n2,3,4,b\n';
    const files = { 'labeled/a.csv': same, 'unlabeled/b/c.csv': same };
    expect(
      await refusal({ ...files, 'teacher/p/x.parquet': answers(['1', '2', '3', '4']) }),
    ).toContain("the id '1' is of an example of labeled/ and one of unlabeled/");
  });
});
