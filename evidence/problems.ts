/**
 * The problems of the grid: a data set of which only some labels are kept. Networks are small, so
 * that the whole grid takes hours on two cores. Students are trained until they fit much of the
 * noise of their labels: at the end they reproduce more labels than are right.
 */

import { clamp } from '../src/arrays.ts';
import { type ConfigInput, configSchema } from '../src/config/schema.ts';
import type { ReadConfig } from '../src/data/config.ts';
import { image } from '../src/data/features/image.ts';
import { row } from '../src/data/features/row.ts';
import { csv } from '../src/data/formats/csv.ts';
import type { FormatName } from '../src/data/formats/index.ts';
import { parquet } from '../src/data/formats/parquet.ts';
import { webdataset } from '../src/data/formats/webdataset.ts';

type Network = ConfigInput['student'];

type Task = ConfigInput['task'] & { readonly classes: string[] };

export interface Problem {
  readonly name: string;
  /** Folder under the data folder, with files `train*` and `test*`. */
  readonly folder: string;
  /** Share of the examples that are the test set, if the files are not split. */
  readonly testShare?: number;
  readonly format: FormatName;
  readonly task: Task;
  /** Per cell, the number of labels and of draws. */
  readonly budgets: readonly { readonly labels: number; readonly draws: number }[];
  readonly unlabeled: number;
  readonly teacher: Network;
  readonly student: Network;
}

const digits = Array.from({ length: 10 }, (_, digit) => String(digit));
const shifts = { augment: { crop: 2 } };
const flipsAndShifts = { augment: { crop: 4, flip: true } };

/** Draws the smallest budget more often: with fewer labels, more depends on which they are. */
function budgets(draws: number, labels: readonly [number, number, number]): Problem['budgets'] {
  return labels.map((count, index) => ({ labels: count, draws: index === 0 ? draws : 5 }));
}

export const problems: readonly Problem[] = [
  {
    name: 'mnist',
    folder: 'mnist',
    format: parquet.name,
    task: { type: image.task, classes: digits, size: [28, 28], channels: 1 },
    budgets: budgets(10, [150, 450, 1500]),
    unlabeled: 8000,
    teacher: { architecture: 'convnet', width: 16, depth: 2, batchSize: 32, ...shifts },
    student: { architecture: 'convnet', width: 16, depth: 2, epochs: 15, ...shifts },
  },
  {
    name: 'cifar10',
    folder: 'cifar10',
    format: webdataset.name,
    task: { type: image.task, classes: digits, size: [32, 32], channels: 3 },
    budgets: budgets(5, [1000, 2500, 5000]),
    unlabeled: 8000,
    teacher: { architecture: 'convnet', width: 32, depth: 3, batchSize: 32, ...flipsAndShifts },
    student: { architecture: 'convnet', width: 16, depth: 3, epochs: 20, ...flipsAndShifts },
  },
  {
    name: 'adult',
    folder: 'adult',
    format: csv.name,
    task: { type: row.task, classes: ['<=50K', '>50K'], target: 'income' },
    budgets: budgets(10, [150, 500, 2000]),
    unlabeled: 10_000,
    teacher: { architecture: 'mlp', width: 64, depth: 2, batchSize: 32 },
    student: { architecture: 'mlp', width: 64, depth: 2, epochs: 15 },
  },
];

/** Returns the config with which the examples of a problem are read and written. */
export function readConfigOf({ task, teacher, student }: Problem, format: FormatName): ReadConfig {
  return configSchema.parse({ task, data: { format }, teacher: { train: teacher }, student });
}

/**
 * Returns a teacher. With few labels it trains longer: about a thousand steps, and at least 20
 * epochs.
 */
export function teacherOf({ teacher }: Problem, labels: number): Network {
  return { ...teacher, epochs: clamp(Math.round(30_000 / labels), 20, 200) };
}

/** One draw of labels of a problem. */
export interface CellOf<OneProblem> {
  readonly problem: OneProblem;
  readonly labels: number;
  readonly seed: number;
}

export type Cell = CellOf<Problem>;
