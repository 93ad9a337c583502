/**
 * The arms of a cell: workflows as users run them, which use the same labels in different ways. All
 * have the same unlabeled and test examples, and students of the same architecture and length of
 * training.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { readLabels } from '../src/data/tables/labels-file.ts';
import { auto } from '../src/debias/auto.ts';
import { defaultMethod, type MethodName, methodOf, plainMethod } from '../src/debias/methods.ts';
import { relabel, relabelRoundsSchema } from '../src/debias/relabel.ts';
import { slam } from '../src/debias/slam.ts';
import { weighted } from '../src/debias/weights.ts';
import { choose } from '../src/distill/methods/auto.ts';
import { teacherLabels } from '../src/distill/sets.ts';
import type { RunMetrics } from '../src/evaluate/run-metrics.ts';
import { openJob, shardItems } from '../src/run/job.ts';
import { keys } from '../src/run/keys.ts';
import { readJson } from '../src/store/once.ts';
import { openStore } from '../src/store/open.ts';
import { calibratedName, comparedMethods, softMethods } from './compared.ts';
import { type Truth, writeDataset, writePredictions } from './dataset.ts';
import type { Examples } from './examples.ts';
import { type Cell, type Problem, teacherOf } from './problems.ts';
import type { Row } from './row.ts';
import { type Arm, type Done, runArm } from './run-arm.ts';

/** The files of a cell while its arms run. */
interface CellFolder {
  readonly cell: Cell;
  readonly folder: string;
  readonly dataset: string;
  readonly truth: Truth;
  readonly say: (line: string) => void;
}

/**
 * Runs the missing arms of a row.
 *
 * @param scratch a folder; its content is removed when the row is complete.
 * @param before the existing row, if there is one.
 */
export async function runCell(
  cell: Cell,
  examples: Examples,
  scratch: string,
  say: (line: string) => void,
  before?: Row,
): Promise<Row> {
  const startedAt = performance.now();
  const { problem, labels, seed } = cell;
  const folder = path.join(scratch, `${problem.name}-${labels}-${seed}`);
  const dataset = path.join(folder, 'dataset');
  const truth = await writeDataset(dataset, cell, examples);
  const cellFolder = { cell, folder, dataset, truth, say };
  const row = structuredClone(before) ?? (await studentArms(cellFolder, examples.test.length));
  const train = teacherOf(problem, labels);
  for (const loss of missingLosses(cell, row)) {
    const teacher = { train, loss, ...uncalibrated };
    await runNamed(cellFolder, row, loss, { ...teacherLossArm, teacher });
  }
  if (lacksCalibrated(row)) {
    const arm = { ...calibratedArm(problem), teacher: { train } };
    noteBaselines(row, (await runNamed(cellFolder, row, calibratedName, arm)).metrics);
  }
  await rm(folder, { recursive: true });
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  return { ...row, seconds: seconds + (before?.seconds ?? 0) };
}

/** Returns true if a row has all arms of its cell. */
export function isComplete(cell: Cell, row: Row): boolean {
  return missingLosses(cell, row).length === 0 && !lacksCalibrated(row);
}

function lacksCalibrated({ accuracy }: Pick<Row, 'accuracy'>): boolean {
  return !(`${calibratedName}/teacher` in accuracy);
}

/** Teachers with another loss run on the smallest budget only, which has the most to gain. */
function missingLosses({ problem, labels }: Cell, { accuracy }: Pick<Row, 'accuracy'>) {
  if (labels !== problem.budgets[0]!.labels) return [];
  return (['mse', 'mcmi'] as const).filter((loss) => !(`${loss}/teacher` in accuracy));
}

/** Runs the arms whose teachers are trained by cross-entropy, or are the truth. */
async function studentArms(
  cellFolder: CellFolder,
  testExamples: number,
): Promise<Omit<Row, 'seconds'>> {
  const { cell, dataset, truth } = cellFolder;
  const { problem, labels, seed } = cell;
  const row = {
    ...{ problem: problem.name, labels, seed, testExamples },
    ...{ accuracy: {}, logLoss: {} },
  };
  const runOne = (name: string, arm: Arm) => runNamed(cellFolder, row, name, arm);
  const own = { teacher: { train: teacherOf(problem, labels), ...uncalibrated } };
  const plain = await runOne('plain', { ...own, ...plainArm });
  const crossFitted = await runOne('cross-fitted', { ...own, ...crossFittedArm(problem) });
  const half = { teacher: { train: teacherOf(problem, labels / 2), ...uncalibrated } };
  await runOne('split', { ...half, ...splitArm });
  const right = await rightLabels(plain, truth);
  for (const [name, ids] of [['oracle', right] as const, ['clean', truth.keys()] as const]) {
    const classes = problem.task.classes.length;
    await writePredictions(path.join(dataset, name, 'all.parquet'), ids, truth, classes);
    const teacher = { predictions: `${name}/`, ...uncalibrated };
    await runOne(name, { teacher, method: plainMethod, compare: [] });
  }
  const rounds = await relabelRounds(crossFitted);
  return { ...row, relabel: rounds, auto: await choiceOf(crossFitted) };
}

async function runNamed(
  { cell, folder, dataset, say }: CellFolder,
  row: Pick<Row, 'accuracy' | 'logLoss'>,
  name: string,
  arm: Arm,
): Promise<Done> {
  const done = await runArm(cell, dataset, path.join(folder, name), arm);
  note(row, name, done.metrics);
  say(`${path.basename(folder)}, ${name}: ${done.seconds.toFixed(0)} s`);
  return done;
}

/** All arms but one have teachers as they are trained. */
const uncalibrated = { calibrate: false };

/**
 * Cross-fitted teachers as by default: calibrated, if that is better out of fold. The default
 * method trains 15 more students on the way, which only the small ones for rows do here.
 */
function calibratedArm({ student }: Problem) {
  const compare = [{ method: plainMethod, labels: 'soft' as const }];
  return {
    method: weighted.name,
    compare: student.architecture === 'mlp' ? [defaultMethod, ...compare] : compare,
  } satisfies Partial<Arm>;
}

/** Plain distillation: one teacher, trained on all labels. */
const plainArm = {
  ...{ folds: 1, validationShare: 0, method: plainMethod },
  compare: [{ method: plainMethod, labels: 'soft' }],
} satisfies Partial<Arm>;

/** Every method, with cross-fitted teachers. */
function crossFittedArm({ task }: Problem) {
  // The paper of the method that splits classes is for few of them.
  const fits = (name: MethodName) =>
    task.classes.length <= 5 || !methodOf(name).needs.includes('embeddings');
  return {
    method: defaultMethod,
    compare: [
      ...comparedMethods.filter((name) => name !== defaultMethod && fits(name)),
      ...softMethods.filter(fits).map((method) => ({ method, labels: 'soft' as const })),
    ],
  } satisfies Partial<Arm>;
}

/** The student of a teacher with another loss. */
const teacherLossArm = {
  method: { method: plainMethod, labels: 'soft' },
  compare: [],
} satisfies Partial<Arm>;

/**
 * The setting of the papers: the teacher learns half of the labels, the other half measures its
 * errors.
 */
const splitArm = {
  ...{ folds: 1, validationShare: 0.5, method: weighted.name, compare: [slam.name] },
} satisfies Partial<Arm>;

/** Notes the figures of a run's teacher and students. */
function note(row: Pick<Row, 'accuracy' | 'logLoss'>, arm: string, run: RunMetrics): void {
  const names = Object.keys(run.metrics.models);
  const isBaseline = (name: string) => run.baselines.some((baseline) => baseline.name === name);
  noteModels(
    row,
    arm,
    run,
    names.filter((name) => !isBaseline(name)),
  );
}

/**
 * Notes the figures of the models of the labels alone. Every run trains them; with cross-fitted
 * teachers they learn all labels.
 */
function noteBaselines(row: Pick<Row, 'accuracy' | 'logLoss'>, run: RunMetrics): void {
  noteModels(
    row,
    'labels',
    run,
    run.baselines.map(({ name }) => name),
  );
}

function noteModels(
  { accuracy, logLoss }: Pick<Row, 'accuracy' | 'logLoss'>,
  arm: string,
  { metrics }: RunMetrics,
  names: readonly string[],
): void {
  for (const name of names) {
    const figures = metrics.models[name]!;
    accuracy[`${arm}/${name}`] = figures.accuracy.value;
    logLoss[`${arm}/${name}`] = figures.logLoss.value;
  }
}

/**
 * Returns the examples that a run's teacher labeled right, and all of the labeled and the test set.
 */
async function rightLabels(done: Done, truth: Truth): Promise<string[]> {
  const job = await openJob({ ...done, execution: done.run });
  const right = new Set(truth.keys());
  for (const { id: shard } of await shardItems(job, 'unlabeled')) {
    for await (const { id, predictions } of readLabels(job.results, teacherLabels(job)(shard))) {
      if (predictions[0] !== truth.get(id)) right.delete(id);
    }
  }
  return [...right];
}

async function relabelRounds({ results, run: name }: Done): Promise<Row['relabel']> {
  const key = `${keys.student(name, relabel.name)}${relabel.record.file}`;
  return readJson(await openStore(results, 'time'), key, relabelRoundsSchema);
}

/** Returns the choice of `auto`; the row has the figures of each choice already. */
async function choiceOf(done: Done): Promise<Row['auto']> {
  const job = await openJob({ ...done, execution: done.run });
  const [first] = job.plan.variants;
  const folder = keys.student(done.run, auto.name);
  const context = { signal: new AbortController().signal, report: () => {} };
  return choose(job, { ...first!, name: auto.name, method: auto.name }, folder, context);
}
