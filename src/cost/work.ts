/** Amount of work in a run, and the time per example. */

import { sum } from '../arrays.ts';
import type { Config } from '../config/schema.ts';
import { image } from '../data/features/image.ts';
import type { Features } from '../data/features/index.ts';
import { formats } from '../data/formats/index.ts';
import type { SetName } from '../data/shard.ts';
import type { PlannedEncoder } from '../models/encoders/planned.ts';
import type { NetworkSize } from '../models/size/network-size.ts';
import type { Networks } from '../models/size/networks.ts';
import type { SetSize } from '../run/estimate-file.ts';
import { judgingSets, learnedSets, type TrainingSetName } from '../run/label-use.ts';
import type { FunctionRow } from '../stages/stage.ts';
import { vcpusOf } from './functions.ts';
import { assumed, measured } from './rates.ts';

/** Everything that determines the work of a run. */
export interface RunWork {
  readonly config: Pick<
    Config,
    'data' | 'folds' | 'student' | 'teacher' | 'validation' | 'warmup' | 'trainer'
  >;
  readonly classes: number;
  /** Inputs of the students. */
  readonly features: Features;
  readonly sets: Readonly<Record<SetName, SetSize>>;
  readonly networks: Networks;
  /** Networks trained per student: itself, and those that relabel for it. */
  readonly trainings: readonly number[];
  /** Number of models of the labels alone. */
  readonly baselines: number;
  /** The encoders of the networks. */
  readonly encoders: readonly EncoderWork[];
  /** Shards that have labels of this teacher from earlier runs. */
  readonly labeledShards: number;
  /** Shards that have embeddings of all encoders from earlier runs. */
  readonly embeddedShards: number;
  /** Maximum number of shards that a Map processes at once. Default: 100. */
  readonly concurrency?: number;
}

/** An encoder, as the estimate needs it. */
export type EncoderWork = Pick<PlannedEncoder, 'bytes' | 'size' | 'dimension' | 'bits'>;

export function shardsOf({ sets }: RunWork): number {
  return sum(Object.values(sets).map(({ shards }) => shards));
}

export function examplesOf({ sets }: RunWork, names: readonly SetName[]): number {
  return sum(names.map((name) => sets[name].examples));
}

/** Returns the sets whose labels measure the teacher's errors. */
export function validatedOn({ config, sets }: RunWork): TrainingSetName[] {
  return judgingSets(config, sets.validation.examples > 0);
}

/** Returns the sets that a trained teacher learns. */
export function learnedBy({ config, sets }: RunWork): TrainingSetName[] {
  return learnedSets(config, sets.validation.examples > 0);
}

/** Compute speed relative to the machine on which the rates were measured. */
export interface Speed {
  readonly core: number;
  readonly vcpus: number;
  /** Floating-point operations per second, forward and in training. */
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
 * Returns the time to read an example of a set, with its share of the requests. One processor does
 * it, however many there are, since it is JavaScript.
 */
export function readSeconds(work: RunWork, name: SetName, { core }: Speed): number {
  const requests = dataGets(work, [name]) / Math.max(work.sets[name].examples, 1);
  return (measured.exampleSeconds + requests * measured.requestSeconds) / core;
}

/** Returns the time of requests, `width` at a time. */
export function requestSeconds(requests: number, width: number, { core, vcpus }: Speed): number {
  const oneProcessor = core * Math.min(1, vcpus);
  return Math.max(
    (requests * measured.requestSeconds) / oneProcessor,
    (requests / width) * assumed.answerSeconds,
  );
}

/** Returns the time to decode an example of a set, if it is an image, to the size of a network. */
export function decodeSeconds(
  { features, networks }: RunWork,
  set: SetSize,
  viewer: 'student' | 'teacher',
  speed: Speed,
): number {
  const own = features.kind === image.name ? features.height * features.width : 0;
  return imageSeconds(set, viewer === 'student' ? own : networks.teacherPixels, speed);
}

/** Returns the time to decode an image of a set to a number of pixels; 0 if it is not an image. */
export function imageSeconds(set: SetSize, pixels: number, { core, vcpus }: Speed): number {
  if (pixels === 0) return 0;
  const bytes = set.bytes / Math.max(set.examples, 1);
  const seconds =
    measured.imageSeconds + pixels * measured.pixelSeconds + bytes * measured.imageByteSeconds;
  return seconds / (core * vcpus);
}

/** Returns the time of one example through a network. */
export function forwardSeconds({ macs }: NetworkSize, { forwardFlops }: Speed): number {
  return (2 * macs) / forwardFlops;
}

/** Returns the time to read and decode all examples of some sets for the student. */
export function passSeconds(work: RunWork, names: readonly SetName[], speed: Speed): number {
  return sum(
    names.map((name) => {
      const set = work.sets[name];
      const each = readSeconds(work, name, speed) + decodeSeconds(work, set, 'student', speed);
      return set.examples * each;
    }),
  );
}

/** Rows per row group in the files of labels and weights. */
const groupRows = 10_000;

/** Returns the number of row groups of a set's labels, or of its weights. */
export function groupsOf({ shards, examples }: SetSize): number {
  return Math.max(shards, examples / groupRows);
}

/** Returns the number of requests that read the objects of some sets once. */
export function dataGets({ config, sets }: RunWork, names: readonly SetName[]): number {
  return formats[config.data.format].readGets * sum(names.map((name) => sets[name].pieces));
}

/**
 * Also counts the embeddings and the teacher's labels: per file the size and the footer, per row
 * group four columns.
 */
export function labeledGets(work: RunWork, names: readonly SetName[]): number {
  const labels = names.map((name) => 2 * work.sets[name].shards + 4 * groupsOf(work.sets[name]));
  return encodedGets(work, names) + sum(labels);
}

/** Also counts the embeddings: per file the size and the footer, per row group two columns. */
export function encodedGets(work: RunWork, names: readonly SetName[]): number {
  const { encoders, sets } = work;
  const files = names.map((name) => 2 * sets[name].shards + 2 * groupsOf(sets[name]));
  return dataGets(work, names) + encoders.length * sum(files);
}

/** Returns the number of requests for the weights: size and footer, and six columns. */
export function weightGets({ sets }: RunWork): number {
  return 2 * sets.unlabeled.shards + 6 * groupsOf(sets.unlabeled);
}
