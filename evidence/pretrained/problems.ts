/**
 * The problems of the experiment on texts and on pretrained encoders. Teachers and students are as
 * by default, so that the figures are those that users get.
 */
import type { ConfigInput } from '../../src/config/schema.ts';
import { image } from '../../src/data/features/image.ts';
import { textKind } from '../../src/data/features/text.ts';

import { csv } from '../../src/data/formats/csv.ts';
import { parquet } from '../../src/data/formats/parquet.ts';
import { webdataset } from '../../src/data/formats/webdataset.ts';
import type { Problem } from '../problems.ts';

type Network = ConfigInput['student'];
type Train = NonNullable<ConfigInput['teacher']['train']>;

/** A data set, with several teachers and several students. */
export interface PretrainedProblem extends Omit<Problem, 'teacher' | 'student'> {
  /** Folder of the encoder below the folder of the models. */
  readonly encoder: string;
  /** By names for readers. */
  readonly teachers: Readonly<Record<string, Train>>;
  readonly students: Readonly<Record<string, Network>>;
}

/** Folder of the encoder in each dataset. */
export const encoderFolder = 'encoder';

const ngrams = { architecture: 'ngrams' } as const;
const linearHead = { encoder: encoderFolder, head: 'linear' } as const;

const ofTexts = {
  encoder: 'minilm-l6-int8',
  teachers: { 'n-grams': ngrams, 'encoder + head': linearHead },
  students: { 'n-grams': ngrams, 'encoder + head': linearHead },
};

const headOfPhotos: Network & Train = {
  ...linearHead,
  encoder: { path: encoderFolder, size: [128, 128] },
};

/** Without a name and students: each of these takes a draw by itself, because some take an hour. */
const photos = {
  folder: 'cifar10',
  format: webdataset.name,
  task: {
    type: image.task,
    classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
    size: [32, 32],
    channels: 3,
  },
  budgets: [{ labels: 1000, draws: 5 }],
  unlabeled: 8000,
  encoder: 'efficientnet-lite0',
  teachers: { 'encoder + head': headOfPhotos },
} satisfies Omit<PretrainedProblem, 'name' | 'students'>;

/** Makes the part of a problem whose student starts from the weights of the encoder. */
const fineTuned = (epochs: number) =>
  ({
    task: {
      ...photos.task,
      size: [96, 96],
      preprocess: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    },
    students: {
      'fine-tuned network': {
        architecture: 'efficientnet-lite0',
        weights: `${encoderFolder}/weights.safetensors`,
        ...{ epochs, batchSize: 64, pretrainedRate: 0.1, augment: { flip: true } },
      },
    },
  }) satisfies Partial<PretrainedProblem>;

/** Makes the part of a problem whose student starts from random weights. */
const fromScratch = (epochs: number) =>
  ({
    students: {
      'resnet from scratch': { architecture: 'resnet', epochs, augment: { crop: 4, flip: true } },
    },
  }) satisfies Partial<PretrainedProblem>;

export const pretrainedProblems: readonly PretrainedProblem[] = [
  {
    name: 'sentences',
    folder: 'sentences',
    format: csv.name,
    task: { type: textKind.task, classes: ['negative', 'positive'] },
    testShare: 1 / 3,
    budgets: [100, 300].map((labels) => ({ labels, draws: 5 })),
    unlabeled: 3000,
    ...ofTexts,
  },
  {
    name: 'spam',
    folder: 'spam',
    format: parquet.name,
    task: { type: textKind.task, classes: ['ham', 'spam'] },
    budgets: [20, 100, 500].map((labels) => ({ labels, draws: 5 })),
    unlabeled: 2000,
    ...ofTexts,
  },
  { ...photos, name: 'cifar10', students: { 'encoder + head': headOfPhotos } },
  {
    ...photos,
    name: 'cifar10-40000',
    unlabeled: 40_000,
    students: { 'encoder + head': headOfPhotos },
  },
  { ...photos, name: 'cifar10-fine-tuned', ...fineTuned(3) },
  { ...photos, name: 'cifar10-fine-tuned-40000', unlabeled: 40_000, ...fineTuned(1) },
  { ...photos, name: 'cifar10-resnet', ...fromScratch(20) },
  { ...photos, name: 'cifar10-resnet-40000', unlabeled: 40_000, ...fromScratch(8) },
];

/** Returns a problem with one of its students, as other experiments have it. */
export function withStudent(
  { teachers: _, students, encoder: __, ...shared }: PretrainedProblem,
  student: Network = Object.values(students)[0]!,
): Problem {
  return { ...shared, teacher: student, student };
}
