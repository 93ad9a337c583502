/**
 * Measures whether labels are worth more if the teacher is unsure. A run lists the examples to
 * label next. Either the first of them get labels, or as many random ones; then teachers and
 * student are trained again.
 */
import { cp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { readConfig } from '../src/config/read.ts';
import { addLabels } from '../src/data/add-labels.ts';
import { randomFor, shuffledOrder } from '../src/data/random.ts';
import { fromSpreadsheet, spreadsheetField } from '../src/data/spreadsheet-text.ts';
import { plainMethod } from '../src/debias/methods.ts';
import { keys } from '../src/run/keys.ts';
import { openStore } from '../src/store/open.ts';
import { writeDataset } from './dataset.ts';
import { draw, type Examples } from './examples.ts';
import { type Cell, teacherOf } from './problems.ts';
import { type Done, runArm } from './run-arm.ts';

/** Number of added labels. */
const addedLabels = 100;

const accuracies = z.strictObject({ teacher: z.number(), student: z.number() });

/** `evidence/label-next/<seed>.json`: accuracies before, and with the added labels. */
export const labelNextSchema = z.strictObject({
  problem: z.string(),
  labels: z.int(),
  added: z.int(),
  seed: z.int(),
  before: accuracies,
  chosen: accuracies,
  random: accuracies,
});
export type LabelNextRow = z.infer<typeof labelNextSchema>;

/**
 * Runs one draw.
 *
 * @param scratch a folder; its content is removed at the end.
 */
export async function runLabelNext(
  cell: Cell,
  examples: Examples,
  scratch: string,
): Promise<LabelNextRow> {
  const { problem, labels, seed } = cell;
  const folder = path.join(scratch, `label-next-${seed}`);
  const original = path.join(folder, 'before');
  const truth = await writeDataset(original, cell, examples);
  const train = async (dataset: string, count: number) =>
    runArm(cell, dataset, `${dataset}-results`, {
      ...{
        teacher: { train: teacherOf(problem, count), calibrate: false },
        method: plainMethod,
        compare: [],
      },
    });
  /** Trains with the labels of these examples in addition. */
  const trainWith = async (name: string, ids: readonly string[]) => {
    const dataset = path.join(folder, name);
    await cp(original, dataset, { recursive: true });
    const data = await openStore(dataset);
    const rows = ids.map((id) => `${spreadsheetField(id)},${problem.task.classes[truth.get(id)!]}`);
    const text = ['id,label', ...rows].join('\n');
    await addLabels(data, await readConfig(data), { name, text });
    return accuraciesOf(await train(dataset, labels + ids.length));
  };
  const before = await train(original, labels);
  const { unlabeled } = draw(examples, cell);
  const order = shuffledOrder(unlabeled.length, randomFor(seed, addedLabels));
  const random = Array.from(order.subarray(0, addedLabels), (index) => unlabeled[index]!.id);
  const row = {
    ...{ problem: problem.name, labels, added: addedLabels, seed },
    before: accuraciesOf(before),
    chosen: await trainWith('chosen', await namedBy(before)),
    random: await trainWith('random', random),
  };
  await rm(folder, { recursive: true });
  return row;
}

function accuraciesOf({ metrics }: Done): z.infer<typeof accuracies> {
  const { teacher, uniform } = metrics.metrics.models;
  return { teacher: teacher!.accuracy.value, student: uniform!.accuracy.value };
}

/** Returns the first ids that a run lists. */
async function namedBy({ results, run }: Done): Promise<string[]> {
  const csv = await readFile(path.join(results, keys.labelNext(run)), 'utf8');
  const rows = z.array(z.looseObject({ id: z.string() })).parse(parse(csv, { columns: true }));
  return rows.slice(0, addedLabels).map(({ id }) => fromSpreadsheet(id));
}
