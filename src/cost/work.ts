/** How much work a run is, and how long an example of it takes where it is done. */

import { sum } from '../arrays.ts';
import type { Config } from '../config/schema.ts';
import { image } from '../data/features/image.ts';
import type { Features } from '../data/features/index.ts';
import { formats } from '../data/formats/index.ts';
import type { SetName } from '../data/shard.ts';
import type { NetworkSize } from '../models/size/network-size.ts';
import type { Networks } from '../models/size/networks.ts';
import type { SetSize } from '../run/estimate-file.ts';
import type { FunctionRow } from '../stages/stage.ts';
import { vcpusOf } from './functions.ts';
import { assumed, measured } from './rates.ts';

/** All that decides how much work a run is. */
export interface RunWork {
  readonly config: Pick<Config, 'data' | 'folds' | 'student' | 'teacher' | 'warmup' | 'trainer'>;
  readonly classes: number;
  readonly features: Features;
  readonly sets: Readonly<Record<SetName, SetSize>>;
  readonly networks: Networks;
  /** How many networks are trained for each student: itself, and those that relabel for it. */
  readonly trainings: readonly number[];
  /** Shards that have labels of this teacher from earlier runs. */
  readonly labeledShards: number;
}

export function shardsOf({ sets }: RunWork): number {
  return sum(Object.values(sets).map(({ shards }) => shards));
}

export function examplesOf({ sets }: RunWork, names: readonly SetName[]): number {
  return sum(names.map((name) => sets[name].examples));
}

/** The set that tells where the teacher errs: without one of its own, the labeled set. */
export function validatedOn({ sets }: RunWork): 'validation' | 'labeled' {
  return sets.validation.examples > 0 ? 'validation' : 'labeled';
}

/** Where work is done: what a second of a core is there that the rates were measured on. */
export interface Speed {
  readonly core: number;
  readonly vcpus: number;
  /** Floating-point operations a second, forward and in training. */
  readonly forwardFlops: number;
  readonly trainingFlops: number;
}

export function functionSpeed(row: Pick<FunctionRow, 'memoryMiB'>): Speed {
  const core = assumed.functionCore;
  const vcpus = vcpusOf(row);
  return {
    core,
    vcpus,
    forwardFlops: measured.forwardFlops * core * vcpus,
    trainingFlops: measured.trainingFlops * core * vcpus,
  };
}

export const gpuSpeed: Speed = {
  core: assumed.gpuCore,
  vcpus: assumed.gpuVcpus,
  forwardFlops: assumed.gpuFlops,
  trainingFlops: assumed.gpuFlops,
};

/**
 * To read an example of a set, and the requests that this takes: JavaScript, so one processor does
 * it, however many there are.
 */
export function readSeconds(work: RunWork, name: SetName, { core }: Speed): number {
  const requests = dataGets(work, [name]) / Math.max(work.sets[name].examples, 1);
  return (measured.exampleSeconds + requests * measured.requestSeconds) / core;
}

/** Requests that are made one after another, or `width` at a time. */
export function requestSeconds(requests: number, width: number, { core, vcpus }: Speed): number {
  const oneProcessor = core * Math.min(1, vcpus);
  return Math.max(
    (requests * measured.requestSeconds) / oneProcessor,
    (requests / width) * assumed.answerSeconds,
  );
}

/** To decode an example of a set, where it is an image, to the size that a network sees. */
export function decodeSeconds(
  { features, networks }: RunWork,
  set: SetSize,
  viewer: 'student' | 'teacher',
  { core, vcpus }: Speed,
): number {
  if (features.kind !== image.name) return 0;
  const bytes = set.bytes / Math.max(set.examples, 1);
  const pixels = viewer === 'student' ? features.height * features.width : networks.teacherPixels;
  const seconds =
    measured.imageSeconds + pixels * measured.pixelSeconds + bytes * measured.imageByteSeconds;
  return seconds / (core * vcpus);
}

/** An example through a network. */
export function forwardSeconds({ macs }: NetworkSize, { forwardFlops }: Speed): number {
  return (2 * macs) / forwardFlops;
}

/** All examples of some sets, read and decoded for the student. */
export function passSeconds(work: RunWork, names: readonly SetName[], speed: Speed): number {
  return sum(
    names.map((name) => {
      const set = work.sets[name];
      const each = readSeconds(work, name, speed) + decodeSeconds(work, set, 'student', speed);
      return set.examples * each;
    }),
  );
}

/** Rows of a row group of the files of labels and weights. */
const groupRows = 10_000;

/** Row groups that a set's labels, or its weights, have. */
export function groupsOf({ shards, examples }: SetSize): number {
  return Math.max(shards, examples / groupRows);
}

/** Requests that read the objects of some sets once. */
export function dataGets({ config, sets }: RunWork, names: readonly SetName[]): number {
  return formats[config.data.format].readGets * sum(names.map((name) => sets[name].pieces));
}

/** The same with the teacher's labels: of each file the size and the footer, and four columns. */
export function labeledGets(work: RunWork, names: readonly SetName[]): number {
  const labels = names.map((name) => 2 * work.sets[name].shards + 4 * groupsOf(work.sets[name]));
  return dataGets(work, names) + sum(labels);
}

/** Of the weights: the size and the footer, and six columns. */
export function weightGets({ sets }: RunWork): number {
  return 2 * sets.unlabeled.shards + 6 * groupsOf(sets.unlabeled);
}
