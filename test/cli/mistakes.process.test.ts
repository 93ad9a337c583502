/**
 * Mistakes that users make, with what is printed for each. The snapshot `mistakes.txt` is to be
 * read: each answer states what is wrong, what would be right, and what to do next.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';

const execute = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const command = join(root, 'dist/src/cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'counterweight-mistakes-'));

afterAll(() => rmSync(folder, { recursive: true }));

const table = 'id,size,colour,label\n1,2.5,red,cat\n2,3.5,blue,dog\n3,1,red,cat\n4,7,blue,dog\n';
const good = {
  task: '{ type: tabular-classification, classes: [cat, dog], target: label }',
  data: '{ format: csv }',
  teacher: '{ train: { architecture: mlp } }',
  student: '{ architecture: mlp }',
};

/** A call of the command; `pets` in it is a dataset. */
interface Call {
  readonly args: string;
  /** Fields of distill.yaml that are changed, or its text. */
  readonly config?: Readonly<Record<string, string>> | string;
  /** Files of the dataset that are changed. */
  readonly files?: Readonly<Record<string, string>>;
}

const calls: readonly Call[] = [
  { args: '' },
  { args: 'rnu pets' },
  { args: '--versoin' },
  { args: 'run' },
  { args: 'run pets more' },
  { args: 'run pets --wokers 3' },
  { args: 'run pets --workers many' },
  { args: 'plan pets --results' },
  { args: 'plan pest' },
  { args: 'plan s3:/bucket' },
  { args: 'init empty' },
  { args: 'init pets' },
  { args: 'label pets --format csv' },
  { args: 'add-labels pets answers.csv' },
  { args: 'compare pets-1' },
  { args: 'compare pets-1 pets-1' },
  { args: 'compare pets-1 pets-2' },
  { args: 'complete tcsh' },
  { args: 'deploy --sweep-minutes 0' },
  { args: 'deploy --name Blue' },
  { args: 'deploy --tags team' },
  { args: 'deploy gpu' },
  { args: 'deploy --endpoint localhost:4566' },
  { args: 'deploy --endpoint http://127.0.0.1:1 --trainer gpu' },
  { args: 'deploy --endpoint http://127.0.0.1:1 --yes' },
  { args: 'status --name sthree' },
  { args: 'plan pets', config: '' },
  { args: 'plan pets', config: 'task: { type: tabular-classification\n' },
  { args: 'plan pets', config: { stduent: '{ architecture: mlp }' } },
  { args: 'plan pets', config: { student: '{ architecture: mpl }' } },
  { args: 'plan pets', config: { student: '{ architecture: convnet }' } },
  { args: 'plan pets', config: { student: '{ architecture: mlp, epochs: many }' } },
  { args: 'plan pets', config: { method: 'wieghted' } },
  { args: 'plan pets', config: { folds: '1' } },
  { args: 'plan pets', config: { limits: '{ budgetUsd: -1 }' } },
  { args: 'plan pets', config: { data: '{ format: cvs }' } },
  { args: 'plan pets', config: { data: '{ format: parquet }' } },
  {
    args: 'plan pets',
    config: { task: '{ type: tabular-classification, classes: [cat], target: label }' },
  },
  {
    args: 'plan pets',
    config: { task: '{ type: tabular-classification, classes: [cat, cow], target: label }' },
  },
  {
    args: 'plan pets',
    config: { task: '{ type: tabular-classification, classes: [cat, dog], target: lable }' },
  },
  {
    args: 'plan pets',
    config: { task: '{ type: text-classification, classes: [cat, dog], text: review }' },
  },
  { args: 'plan pets', config: { teacher: '{ onnx: teacher.onnx }' } },
  { args: 'plan pets', config: { teacher: '{}' } },
  {
    args: 'plan pets',
    config: {
      task: '{ type: tabular-classification, multiLabel: true, classes: [cat, dog], target: label }',
      method: 'relabel',
    },
  },
  { args: 'plan pets', files: { 'labeled/a.csv': 'id;size;colour;label\n1;2.5;red;cat\n' } },
  { args: 'plan pets', files: { 'unlabeled/b.csv': 'id,size,color\n1,2.5,red\n' } },
  { args: 'plan pets', files: { 'labeled/a.csv': '' } },
];

test('mistakes are answered with what is wrong, what would be right, and what to do', async () => {
  const answers: string[] = [];
  for (const call of calls) answers.push(await answerTo(call));
  const text = answers
    .join('\n\n')
    .replaceAll(folder, '/home/me')
    .replace(/pets-[0-9a-f]{12}/g, 'pets-2f7a91c04be3')
    .replace(/\(\d+ cores?\) it would take about [^,]+/g, '(2 cores) it would take about 2 s');
  expect(text).not.toMatch(/^ +at .*:\d+:\d+/m);
  await expect(`${text}\n`).toMatchFileSnapshot('mistakes.txt');
});

/** Makes the dataset, runs the call, and returns it with the answer. */
async function answerTo({ args, config, files = {} }: Call): Promise<string> {
  const data = join(folder, 'pets');
  rmSync(data, { recursive: true, force: true });
  mkdirSync(join(folder, 'empty'), { recursive: true });
  const all = { 'labeled/a.csv': table, 'unlabeled/b.csv': table.replace(/,label|,cat|,dog/g, '') };
  for (const [file, text] of Object.entries({ ...all, ...files })) {
    mkdirSync(join(data, file, '..'), { recursive: true });
    writeFileSync(join(data, file), text);
  }
  const changes = typeof config === 'object' ? config : {};
  const fields = Object.entries({ ...good, ...changes });
  const yaml = typeof config === 'string' ? config : linesOf(fields);
  writeFileSync(join(data, 'distill.yaml'), yaml);
  const changed = [
    ...(typeof config === 'string' ? ['distill.yaml:', ...config.split('\n')] : []),
    ...Object.entries(changes).map(([name, value]) => `distill.yaml: ${name}: ${value}`),
    ...Object.entries(files).map(([file, text]) => `${file}: ${JSON.stringify(text)}`),
  ];
  const { stderr, stdout } = await run(args.split(' ').filter(Boolean));
  return [...changed, `$ counterweight ${args}`, `${stdout}${stderr}`.trim()].join('\n');
}

function linesOf(fields: readonly (readonly [string, string])[]): string {
  return fields.map(([name, value]) => `${name}: ${value}\n`).join('');
}

async function run(args: string[]): Promise<{ stdout: string; stderr: string }> {
  try {
    return await execute(process.execPath, [command, ...args], { cwd: folder });
  } catch (error) {
    // execFile rejects with an error that also has what was printed.
    return error as ExecFileException & { stdout: string; stderr: string };
  }
}
