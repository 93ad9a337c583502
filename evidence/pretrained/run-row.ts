/** Runs all teachers and students of one draw of labels, each as a workflow of its own. */
import { existsSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { defaultMethod, plainMethod } from '../../src/debias/methods.ts';
import type { RunMetrics } from '../../src/evaluate/run-metrics.ts';

import { writeDataset, writePredictions } from '../dataset.ts';
import type { Examples } from '../examples.ts';
import type { Cell, CellOf } from '../problems.ts';
import { type Arm, runArm } from '../run-arm.ts';
import { encoderFolder, type PretrainedProblem, withStudent } from './problems.ts';
import type { PretrainedRow } from './row.ts';

/** Folder of the true labels, as predictions of a teacher. */
const truthFolder = 'truth';

/** Plain distillation: one teacher, trained on all labels. */
const plainArm = {
  ...{ folds: 1, validationShare: 0, method: plainMethod, compare: [] },
} satisfies Partial<Arm>;
const defaultArm = { method: defaultMethod, compare: [plainMethod] } satisfies Partial<Arm>;

/**
 * Runs one draw. If a process was interrupted in it, its finished arms are taken as they are.
 *
 * @param models the folder with the encoders.
 * @param scratch a folder that the next process has, too; the draw's files are removed at its end.
 */
export async function runPretrained(
  { problem, labels, seed }: CellOf<PretrainedProblem>,
  examples: Examples,
  models: string,
  scratch: string,
  say: (line: string) => void,
): Promise<PretrainedRow> {
  const startedAt = performance.now();
  const folder = path.join(scratch, `pretrained-${problem.name}-${labels}-${seed}`);
  const dataset = path.join(folder, 'dataset');
  const { teachers, students } = problem;
  const cell = { problem: withStudent(problem), labels, seed };
  // A dataset that is written again is another one to the workflow: no run would continue.
  if (!existsSync(dataset)) {
    const unfinished = path.join(folder, 'unfinished');
    await writeWithEncoder(unfinished, cell, examples, path.join(models, problem.encoder));
    await rename(unfinished, dataset);
  }
  const row: PretrainedRow = {
    ...{ problem: problem.name, labels, seed, testExamples: examples.test.length },
    ...{ accuracy: {}, logLoss: {}, seconds: 0 },
  };
  /** Runs an arm; notes its models by their names in the row, and returns its metrics. */
  const run = async (student: string, arm: Arm, names: Readonly<Record<string, string>>) => {
    const withOne = { ...cell, problem: withStudent(problem, students[student]) };
    // Runs share the results, so that each teacher labels once.
    const done = await runArm(withOne, dataset, path.join(folder, 'results'), arm);
    for (const [model, name] of Object.entries(names)) note(row, name, done.metrics, model);
    say(`${path.basename(folder)}, ${Object.values(names)[0]}: ${done.seconds.toFixed(0)} s`);
    return done.metrics;
  };
  for (const student of Object.keys(students)) {
    for (const [teacher, train] of Object.entries(teachers)) {
      const of = (training: string) => `${teacher}/${student}/${training}`;
      await run(student, { teacher: { train }, ...plainArm }, { [plainMethod]: of('plain') });
      const metrics = await run(
        student,
        { teacher: { train }, ...defaultArm },
        {
          [defaultMethod]: of('default'),
          [plainMethod]: of(plainMethod),
          teacher: `${teacher}/teacher`,
        },
      );
      for (const { name } of metrics.baselines) {
        note(row, `labels/${name}, inputs of ${student}`, metrics, name);
      }
    }
    const known = { predictions: `${truthFolder}/`, calibrate: false };
    const clean = { teacher: known, method: plainMethod, compare: [] };
    await run(student, clean, { [plainMethod]: `clean/${student}` });
  }
  await rm(folder, { recursive: true });
  return { ...row, seconds: Math.round((performance.now() - startedAt) / 1000) };
}

/** Writes a dataset, its encoder and the predictions of a teacher that knows all true labels. */
async function writeWithEncoder(
  folder: string,
  cell: Cell,
  examples: Examples,
  encoder: string,
): Promise<void> {
  const truth = await writeDataset(folder, cell, examples);
  await cp(encoder, path.join(folder, encoderFolder), { recursive: true });
  const truthFile = path.join(folder, truthFolder, 'all.parquet');
  await writePredictions(truthFile, truth.keys(), truth, cell.problem.task.classes.length);
}

/** Notes the figures of a model, if the run has it. */
function note(
  { accuracy, logLoss }: PretrainedRow,
  name: string,
  { metrics }: RunMetrics,
  model: string,
): void {
  const figures = metrics.models[model];
  if (!figures) return;
  accuracy[name] = figures.accuracy.value;
  logLoss[name] = figures.logLoss.value;
}
