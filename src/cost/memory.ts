/** Memory of trainings, and warnings about those that need more than there is. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { image } from '../data/features/image.ts';
import { bytes } from '../format.ts';
import { machineMemory, machineShare } from '../models/confined/limits.ts';
import type { NetworkSize } from '../models/size/network-size.ts';
import { memberFields } from '../models/teachers/trained-kind.ts';
import { stages } from '../stages/index.ts';
import { studentConcurrency } from './functions.ts';
import { teacherNetwork } from './training-work.ts';
import { examplesOf, learnedBy, type RunWork } from './work.ts';

/**
 * Memory of a training, in bytes. Measured on two cores with the networks for photos, 64 to 224
 * pixels and batches of 8 to 128: the peak was 0.94 to 1.05 times the estimate. With frozen layers,
 * networks need less; operation by operation, about twice as much per output.
 */
const measured = {
  /** The process, with TensorFlow. */
  process: 600 * 2 ** 20,
  /** Per number that a layer outputs. Most gradients take memory that outputs no longer need. */
  output: 3.2,
  /** Per weight: the weight, its gradient and the slots of the optimizer. */
  parameter: 16,
};

/** Estimates the memory of a training, in bytes. */
export function trainingBytes({ outputs, parameters }: NetworkSize, batchSize: number): number {
  return measured.process + measured.parameter * parameters + measured.output * outputs * batchSize;
}

/** A network to train. */
interface Training {
  /** Subject of a warning. */
  readonly what: string;
  /** Its field in the config. */
  readonly field: string;
  readonly batchSize: number;
  readonly size: NetworkSize;
  /** Whether the task is of images, which may be smaller. */
  readonly isOfImages: boolean;
  /** Number of such trainings at a time. Default: 1. */
  readonly atOnce?: number;
}

/** Warns about trainings that need more memory than their functions have. */
export function* functionMemoryWarnings(work: RunWork): Iterable<string> {
  for (const teacher of teachers(work)) {
    yield* tooLarge(teacher, mib(stages.TrainTeacher), 'its function');
  }
  // A GPU trains the students, except the first one.
  const inFunction = work.config.trainer === 'function' ? stages.Train : stages.WarmUp;
  yield* tooLarge(student(work, inFunction === stages.WarmUp), mib(inFunction), 'its function');
}

/** Warns about trainings that need more memory than this machine has, at least in part. */
export function* machineMemoryWarnings(
  work: RunWork,
  machineBytes = machineMemory(),
  cores = availableParallelism(),
): Iterable<string> {
  const atOnce = Math.min(work.trainings.length, studentConcurrency, cores);
  const several = atOnce > 1 ? { what: `${atOnce} students at a time`, atOnce } : {};
  for (const training of [...teachers(work), { ...student(work, false), ...several }]) {
    yield* tooLarge(training, machineBytes, 'this machine', machineShare);
  }
}

const mib = ({ memoryMiB }: { readonly memoryMiB: number }) => memoryMiB * 2 ** 20;

/** Lists the teachers that the run trains. */
function teachers(work: RunWork): Training[] {
  const examples = examplesOf(work, learnedBy(work));
  return memberFields(work.config.teacher).map(({ path, network }, index) => ({
    ...{ what: 'a teacher', field: z.core.toDotPath(path) },
    batchSize: Math.min(teacherNetwork(work, network).batchSize, examples),
    size: work.networks.members[index]!,
    isOfImages: work.features.kind === image.name,
  }));
}

/** @param isFirst Whether it is the one of Warm up, which learns only true labels. */
function student(work: RunWork, isFirst: boolean): Training {
  const sets = ['labeled', 'validation', ...(isFirst ? [] : ['unlabeled' as const])] as const;
  const batchSize = Math.min(work.config.student.batchSize, examplesOf(work, sets));
  const what = isFirst ? 'the first student' : 'a student';
  const isOfImages = work.features.kind === image.name;
  return { what, field: 'student', batchSize, size: work.networks.student, isOfImages };
}

function* tooLarge(
  { what, field, batchSize, size, isOfImages, atOnce = 1 }: Training,
  available: number,
  where: string,
  share = 1,
): Iterable<string> {
  const needed = (batch: number) => atOnce * trainingBytes(size, batch);
  if (needed(batchSize) <= share * available) return;
  let fitting = 2 ** Math.floor(Math.log2(batchSize));
  while (fitting >= 1 && needed(fitting) > share * available) fitting /= 2;
  yield `${what} would take about ${bytes(needed(batchSize))} of memory to train in batches of ${batchSize}, and ${where} has ${bytes(available)}: ` +
    (fitting >= 1
      ? `set ${field}.batchSize to ${fitting}.`
      : `${isOfImages ? 'set task.size to smaller images, or ' : ''}use a smaller network.`);
}
