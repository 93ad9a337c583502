/**
 * `npm run evidence -- --data FOLDER [problem ...]`: measures by how much each correction helps on
 * each data set. Runs the missing cells of the grid, writes one row per draw of labels to
 * evidence/rows, and writes docs/evidence.md. If interrupted, the same command continues. `--quick`
 * runs one cell with two draws, and writes nothing. `--models FOLDER` runs the experiment on texts
 * and encoders instead; a draw of it can take hours, so that it also continues within a draw.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { z } from 'zod';
import { UsageError } from '../src/cli/arguments.ts';
import { reportFailure } from '../src/cli/failure.ts';
import { scratchFolder } from '../src/models/scratch-folder.ts';
import { packageRoot } from '../src/package-root.ts';
import { isComplete, runCell } from './arms.ts';
import { writeDocument } from './document.ts';
import { type Examples, readAll } from './examples.ts';
import { type LabelNextRow, labelNextSchema, runLabelNext } from './label-next.ts';
import { pretrainedProblems, withStudent } from './pretrained/problems.ts';
import { type PretrainedRow, pretrainedRowSchema } from './pretrained/row.ts';
import { runPretrained } from './pretrained/run-row.ts';
import { type Cell, type CellOf, type Problem, problems } from './problems.ts';
import { type Row, rowSchema } from './row.ts';
import { summarizeCell } from './summary.ts';
import { cellTable } from './tables.ts';

const rowsFolder = path.join(packageRoot, 'evidence', 'rows');
const pretrainedFolder = path.join(packageRoot, 'evidence', 'pretrained', 'rows');
const labelNextFolder = path.join(packageRoot, 'evidence', 'label-next');
/** The problems of the label-next experiment and of `--quick`. */
const digits = problems.find(({ name }) => name === 'mnist')!;
const quickProblem = problems.find(({ name }) => name === 'adult')!;
const labelNextDraws = 5;
const usage = [
  `npm run evidence -- --data FOLDER [--quick] [${namesOf(problems).join('] [')}]`,
  `npm run evidence -- --data FOLDER --models FOLDER [${namesOf(pretrainedProblems).join('] [')}]`,
].join('\n');

const say = (line: string) => console.error(line);

async function main(): Promise<void> {
  const { data, models, quick, chosen } = parseCall();
  if (models !== undefined) {
    await runPretrainedGrid(data, models, chosen, scratchFolder('evidence'));
    return;
  }
  const scratch = await mkdtemp(path.join(tmpdir(), 'counterweight-evidence-'));
  try {
    if (quick) await runQuick(data, scratch);
    else await runGrid(data, chosen, scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function parseCall() {
  const { values, positionals } = parse();
  if (values.data === undefined) {
    throw new UsageError('--data needs the folder with cifar10/, mnist/ and adult/.');
  }
  const known = namesOf(values.models === undefined ? problems : pretrainedProblems);
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown) throw new UsageError(`There is no problem "${unknown}".`);
  return {
    ...{ data: path.resolve(values.data), quick: values.quick, chosen: positionals },
    models: values.models === undefined ? undefined : path.resolve(values.models),
  };
}

function namesOf(all: readonly Pick<Problem, 'name'>[]): string[] {
  return all.map(({ name }) => name);
}

function parse() {
  try {
    return parseArgs({
      options: {
        data: { type: 'string' },
        models: { type: 'string' },
        quick: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function runQuick(data: string, scratch: string): Promise<void> {
  const examples = await readAll(data, quickProblem);
  const rows: Row[] = [];
  for (const cell of cellsOf(quickProblem, 0).slice(0, 2)) {
    rows.push(await runCell(cell, examples, scratch, say));
  }
  console.log(cellTable(summarizeCell(rows)));
}

/**
 * Runs the first draw of every cell, then the second, so that a stopped grid has all cells. Rows
 * are the fastest, and last in the list.
 */
async function runGrid(data: string, chosen: readonly string[], scratch: string): Promise<void> {
  for (const folder of [rowsFolder, labelNextFolder]) await mkdir(folder, { recursive: true });
  const wanted = problems.filter(({ name }) => chosen.length === 0 || chosen.includes(name));
  for (const cells of drawsOf(wanted)) {
    for (const problem of wanted.toReversed()) {
      await runMissing(
        cells.filter((cell) => cell.problem === problem),
        data,
        scratch,
      );
    }
  }
  if (wanted.includes(digits)) await runMissingLabelNext(data, scratch);
  await writeTables();
}

async function writeTables(): Promise<void> {
  await writeDocument({
    rows: await readRows(rowsFolder, rowSchema),
    labelNext: await readRows(labelNextFolder, labelNextSchema),
    pretrained: await readRows(pretrainedFolder, pretrainedRowSchema),
  });
}

/** Runs the missing draws of the experiment on texts and encoders, the first of all cells first. */
async function runPretrainedGrid(
  data: string,
  models: string,
  chosen: readonly string[],
  scratch: string,
): Promise<void> {
  await mkdir(pretrainedFolder, { recursive: true });
  const wanted = pretrainedProblems.filter(
    ({ name }) => chosen.length === 0 || chosen.includes(name),
  );
  for (const cell of drawsOf(wanted).flat()) {
    const file = path.join(pretrainedFolder, fileOf(cell));
    if ((await readdir(pretrainedFolder)).includes(fileOf(cell))) continue;
    const examples = await readAll(data, withStudent(cell.problem));
    await writeRow(file, await runPretrained(cell, examples, models, scratch, say));
  }
  await writeTables();
}

/** Runs the missing draws of the label-next experiment, on the smallest budget. */
async function runMissingLabelNext(data: string, scratch: string): Promise<void> {
  const done = await readdir(labelNextFolder);
  const cells = cellsOf(digits, 0).slice(0, labelNextDraws);
  const missing = cells.filter(({ seed }) => !done.includes(`${seed}.json`));
  if (missing.length === 0) return;
  const examples = await readAll(data, digits);
  for (const cell of missing) {
    const row = await runLabelNext(cell, examples, scratch);
    say(`label next, draw ${cell.seed}: ${JSON.stringify(row)}`);
    await writeRow(path.join(labelNextFolder, `${cell.seed}.json`), row);
  }
}

async function writeRow(file: string, row: Row | LabelNextRow | PretrainedRow): Promise<void> {
  await writeFile(file, `${JSON.stringify(row, undefined, 2)}\n`);
}

async function runMissing(cells: readonly Cell[], data: string, scratch: string): Promise<void> {
  const done = await readdir(rowsFolder);
  let examples: Examples | undefined;
  for (const cell of cells) {
    const file = path.join(rowsFolder, fileOf(cell));
    const before = done.includes(fileOf(cell)) ? await readRow(file, rowSchema) : undefined;
    if (before && isComplete(cell, before)) continue;
    examples ??= await readAll(data, cell.problem);
    await writeRow(file, await runCell(cell, examples, scratch, say, before));
  }
}

/** Lists the cells of each draw, from the first draw. */
function drawsOf<OneProblem extends Pick<Problem, 'budgets'>>(
  wanted: readonly OneProblem[],
): CellOf<OneProblem>[][] {
  const all = wanted.flatMap((problem) =>
    problem.budgets.flatMap((_, budget) => cellsOf(problem, budget)),
  );
  const draws = Math.max(...all.map(({ seed }) => seed));
  return Array.from({ length: draws }, (_, draw) => all.filter(({ seed }) => seed === draw + 1));
}

/** Lists the draws of one of a problem's budgets, from the smallest, 0. */
function cellsOf<OneProblem extends Pick<Problem, 'budgets'>>(
  problem: OneProblem,
  budget: number,
): CellOf<OneProblem>[] {
  const { labels, draws } = problem.budgets[budget]!;
  return Array.from({ length: draws }, (_, draw) => ({ problem, labels, seed: draw + 1 }));
}

function fileOf({ problem, labels, seed }: CellOf<Pick<Problem, 'name'>>): string {
  return `${problem.name}-${labels}-${seed}.json`;
}

async function readRows<Schema extends z.ZodType>(
  folder: string,
  schema: Schema,
): Promise<z.infer<Schema>[]> {
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map((name) => readRow(path.join(folder, name), schema)));
}

async function readRow<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): Promise<z.infer<Schema>> {
  return schema.parse(JSON.parse(await readFile(file, 'utf8')));
}

try {
  await main();
} catch (error) {
  process.exitCode = reportFailure(error, process.stderr, usage);
}
