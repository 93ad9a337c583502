/** Time of trainings, in functions that are called repeatedly, and on a GPU. */

import { sum } from '../arrays.ts';
import type { SetName } from '../data/shard.ts';
import { isPenalized, type Network, type NetworkConfig } from '../models/networks/index.ts';
import {
  forFewLabels,
  labelsPerFold,
  withTeacherLength,
} from '../models/networks/training-length.ts';
import type { NetworkSize } from '../models/size/network-size.ts';
import type { FunctionRow } from '../stages/stage.ts';
import { functionTimeoutSeconds, trainingCalls } from './functions.ts';
import { assumed, measured } from './rates.ts';
import {
  examplesOf,
  functionSpeed,
  learnedBy,
  passSeconds,
  type RunWork,
  readSeconds,
  type Speed,
  validatedOn,
} from './work.ts';

export interface TrainingWork {
  readonly network: Pick<Network, 'epochs' | 'batchSize'>;
  readonly size: NetworkSize;
  /** Sets that an epoch reads; a set that is named twice is read twice. */
  readonly sets: readonly SetName[];
}

export function warmUpTraining({ config, networks }: RunWork): TrainingWork {
  const network = { ...config.student, epochs: config.warmup.epochs };
  return { network, size: networks.student, sets: ['labeled', 'validation'] };
}

/** Returns the work of a student, which reads some sets twice: to learn, and to be measured. */
export function studentTraining(work: RunWork): TrainingWork {
  const { config, networks } = work;
  const sets = ['labeled', 'validation', ...validatedOn(work), 'unlabeled'] as const;
  return { network: config.student, size: networks.student, sets };
}

/** Returns the work of the student's architecture on the labels alone. */
export function labelsOnlyTraining(work: RunWork): TrainingWork {
  const sets = ['labeled', 'validation'] as const;
  const { student } = work.config;
  const few = forFewLabels(student, examplesOf(work, sets));
  // For a linear head, the baseline logistic is this model.
  const network = isPenalized(student) ? { ...few, epochs: 0 } : few;
  return { network, size: work.networks.student, sets };
}

/**
 * Returns the work of trained teachers, one per fold. The examples are read one more time, to find
 * those that cannot be decoded.
 */
export function teacherTraining(
  work: RunWork,
  network: NetworkConfig,
  size: NetworkSize,
): TrainingWork {
  const { folds, teacher } = work.config;
  const completed = teacherNetwork(work, network);
  const each = completed.epochs + (teacher.loss === 'mcmi' ? teacher.mcmi.epochs : 0);
  return { network: { ...completed, epochs: folds * each + 1 }, size, sets: learnedBy(work) };
}

/** Completes a teacher's network with the length of its training in each fold. */
export function teacherNetwork(work: RunWork, network: NetworkConfig): Network {
  const labels = examplesOf(work, learnedBy(work));
  return withTeacherLength(network, labelsPerFold(labels, work.config.folds));
}

/** Computes the time of a training that is never interrupted. */
export function trainingSeconds(
  work: RunWork,
  { network, size, sets }: TrainingWork,
  speed: Speed,
): number {
  const examples = examplesOf(work, sets);
  // The backward pass costs twice as much as the forward pass.
  const arithmetic = (3 * 2 * size.macs * examples) / speed.trainingFlops;
  const steps = Math.ceil(examples / network.batchSize);
  const step = size.kernels * measured.layerSeconds + size.parameters * measured.parameterSeconds;
  return (
    network.epochs * (passSeconds(work, sets, speed) + arithmetic + (steps * step) / speed.core)
  );
}

/** Time of a call before the training saves itself (`functions/lambda.ts`). */
const workingSeconds = functionTimeoutSeconds - 30;

export interface TrainingCalls {
  readonly calls: number;
  readonly seconds: number;
  /** Whether the training ends within the maximum number of calls. */
  readonly ends: boolean;
}

/**
 * Computes the calls of a training in functions. Each resumes from the last checkpoint, and first
 * reads the epoch again up to that point: half of it, on average.
 */
export function callsOf(
  work: RunWork,
  training: TrainingWork,
  stage: Pick<FunctionRow, 'memoryMiB'>,
): TrainingCalls {
  const speed = functionSpeed(stage);
  const seconds = trainingSeconds(work, training, speed);
  const reading = training.sets.map(
    (name) => work.sets[name].examples * readSeconds(work, name, speed),
  );
  const again = sum(reading) / 2;
  const useful = workingSeconds - again;
  const calls = useful > 0 ? Math.max(1, Math.ceil(seconds / useful)) : Number.POSITIVE_INFINITY;
  if (calls > trainingCalls) {
    return { calls: trainingCalls, seconds: trainingCalls * functionTimeoutSeconds, ends: false };
  }
  const repeated = (calls - 1) * again;
  return { calls, seconds: seconds + repeated + calls * assumed.initSeconds, ends: true };
}
