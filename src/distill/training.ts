/** The training of a network, which the stages Train teacher, Warm up and Train share. */
import { z } from 'zod';
import { sum } from '../arrays.ts';
import { createEncoder, featureShape } from '../data/features/index.ts';
import { type Decisions, oneClass } from '../debias/decisions.ts';
import { digestJson } from '../digest.ts';
import { networkFeatures } from '../models/encoders/planned.ts';
import { saveModel } from '../models/exporters.ts';
import type { Exporter } from '../models/exports/exporter.ts';
import { foldFolder, isModelSaved, writeModelFiles } from '../models/model-files.ts';
import { readPinned } from '../models/network-files.ts';
import { architectureOf, type Network } from '../models/networks/index.ts';
import { predictorOf } from '../models/student.ts';
import type { TrainableModel } from '../models/trainable.ts';
import type { Context } from '../run/context.ts';
import type { Job } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { descriptionOf, foldsOf, type Plan, planDecisions } from '../run/plan-file.ts';
import { sealJson } from '../store/seal.ts';
import type { ObjectStore } from '../store/store.ts';
import { roomHere } from '../train/cache.ts';
import { openCheckpoints } from '../train/checkpoint.ts';
import { epochSchema, historyFile } from '../train/epoch.ts';
import { type Input, openInput } from '../train/input.ts';
import { type Reweighting, train } from '../train/loop.ts';
import type { Loss } from '../train/losses/index.ts';
import { openTrainingStep } from '../train/open-step.ts';
import { batchesPerEpoch, batchSizes } from '../train/order.ts';
import { isKernel } from '../train/parameters.ts';
import { type ShardSource, sizesOf, type TrainingSets } from '../train/stream.ts';
import type { HeadPenalty } from './head-penalty.ts';
import type { HeldOutSet } from './held-out-set.ts';
import { decodeForStudent } from './student-inputs.ts';
import type { TrainingExample } from './training-example.ts';

/** Content of `historyFile`. */
export const historySchema = z.array(epochSchema);

export interface TrainingTask {
  /** The stage, and the student if there are several, for the progress. */
  readonly stage: string;
  readonly part?: string;
  /** Key prefix of the model and its history; ends in `/`. */
  readonly folder: string;
  readonly network: Network;
  readonly seed: number;
  /** The model to train further. Default: a new one, initialized from the seed. */
  readonly model?: TrainableModel;
  readonly labeled: readonly ShardSource<TrainingExample>[];
  /** Default: none. */
  readonly unlabeled?: readonly ShardSource<TrainingExample>[];
  readonly reweighting?: Reweighting | undefined;
  /** Default: cross-entropy; in a multi-label task, binary cross-entropy. */
  readonly loss?: Loss | undefined;
  /** Default: none. */
  readonly penalty?: HeadPenalty | undefined;
  /** Number of network outputs per class. Default: 1. */
  readonly subclasses?: number;
  /** Labels on which the model is measured after every epoch. Default: none. */
  readonly heldOut?: HeldOutSet | undefined;
  /** Formats to save. Default: only `layers-model`, which the workflow loads. */
  readonly exporters?: readonly Exporter[];
}

/** A student's training. The model and the unlabeled set have no default here. */
export type StudentTask = TrainingTask & Required<Pick<TrainingTask, 'model' | 'unlabeled'>>;

/** Trains a network and saves it. Resumes from its checkpoint if it was interrupted. */
export async function trainNetwork(job: Job, task: TrainingTask, context: Context): Promise<void> {
  const { network, seed, folder, penalty } = task;
  const decisions = planDecisions(job.plan);
  const loss = lossOf(task, decisions);
  const features = networkFeatures(job.plan, network);
  const model = task.model ?? (await networkOf(job, network, seed));
  const sets = { labeled: task.labeled, unlabeled: task.unlabeled ?? [] };
  const { labeled, unlabeled } = sizesOf(sets);
  const counts = [sum(labeled), sum(unlabeled)];
  const input = openTrainingInput(job, task, sets);
  const about = { stage: task.stage, ...(task.part && { part: task.part }) };
  const step = await openTrainingStep(model, network, {
    batchSizes: batchSizes(sum(counts), network.batchSize),
    seed,
    rateFactor: penalty
      ? scaledRates(penalty)
      : architectureOf(network).rateFactor?.(network, model),
    penalty: penalty?.strength,
    ...(loss && { loss }),
    warn: (message) => context.report({ ...about, message, level: 'warning' }),
  });
  const predict = await predictorOf(model, { ...(decisions.isMultiLabel && { multiLabel: true }) });
  try {
    const history = await train({
      part: task.part,
      step,
      batches: input.batches,
      batchesPerEpoch: batchesPerEpoch(sum(counts), network.batchSize),
      epochs: network.epochs,
      schedule: network,
      reweighting: task.reweighting,
      decisions,
      checkpoints: openCheckpoints(
        job.results,
        keys.checkpoints(folder),
        digestOf(network, seed, counts),
      ),
      measureHeldOut: task.heldOut && (() => task.heldOut!.measure(predict)),
      signal: context.signal,
      report: (done, total) => context.report({ ...about, done, total, unit: 'steps' }),
    });
    const records = history.map(({ epoch, loss, meanWeight, agreement, heldOut }) => ({
      ...{ epoch, loss },
      ...(meanWeight !== null && { meanWeight }),
      ...(agreement !== null && { agreement }),
      ...(heldOut !== null && { heldOut }),
    }));
    const beside = new Map([[historyFile, sealJson(records, `${folder}${historyFile}`)]]);
    const { subclasses } = task;
    const description = {
      ...descriptionOf(job.plan, features),
      ...(subclasses !== undefined && { subclasses }),
    };
    const files = await saveModel(model, description, task.exporters, beside);
    await writeModelFiles(job.results, folder, files);
  } finally {
    await input.close();
    step.dispose();
    model.dispose();
  }
}

/** Returns the factors on the learning rate of a head: its kernel grows with 1 / scale. */
function scaledRates({ scale }: HeadPenalty): (weight: string) => number {
  return (weight) => (isKernel(weight) ? 1 / scale : 1);
}

/** Returns the loss of a training. In a multi-label task, cross-entropy is that of each label. */
function lossOf({ loss }: TrainingTask, { isMultiLabel }: Decisions): Loss | undefined {
  const isDefault = loss === undefined || loss.kind === 'crossEntropy';
  return isMultiLabel && isDefault ? { kind: 'binaryCrossEntropy' } : loss;
}

/**
 * Trains one model per fold of the labels. Skips the folds whose model is saved.
 *
 * @param folder the key prefix of the folders of the folds.
 * @param train trains the model of a fold and saves it in the folder.
 * @param skip is called for a fold whose model is saved.
 */
export async function trainFolds(
  job: Job,
  folder: string,
  train: (fold: number, folder: string) => Promise<void>,
  skip: (fold: number) => void = () => {},
): Promise<void> {
  const { count } = foldsOf(job.plan);
  for (let fold = 0; fold < count; fold++) {
    const modelFolder = foldFolder(folder, fold);
    if (await isModelSaved(job.results, modelFolder)) skip(fold);
    else await train(fold, modelFolder);
  }
}

/** Digests the inputs of a training. Checkpoints with another digest are ignored. */
function digestOf(network: Network, seed: number, counts: readonly number[]): string {
  return digestJson([network, seed, counts]);
}

/** The parts of a plan that a network is built from. */
export type NetworkPlan = Pick<
  Plan,
  'config' | 'features' | 'encoders' | 'classes' | 'networkFiles'
>;

/**
 * Builds a network to train.
 *
 * @throws UserError if a file of the user does not fit, or has changed since the run was planned.
 */
export async function networkOf(
  { data, plan }: { data: ObjectStore; plan: NetworkPlan },
  network: Network,
  seed: number,
) {
  const { classes, networkFiles } = plan;
  const problem = {
    inputShape: featureShape(networkFeatures(plan, network)),
    classes: classes.length,
    isMultiLabel: planDecisions(plan).isMultiLabel,
    readFile: readPinned(data, networkFiles),
  };
  return architectureOf(network).build(network, problem, seed);
}

/**
 * Opens the batches of a training: streamed or cached, shuffled, decoded, augmented and normalized.
 */
function openTrainingInput(
  job: Job,
  { network, seed, subclasses }: TrainingTask,
  sets: TrainingSets<TrainingExample>,
): Input {
  const decisions = planDecisions(job.plan);
  const features = networkFeatures(job.plan, network);
  const { batchSize, epochs, augment, labelSmoothing, mixup } = network;
  const encoder = createEncoder(features);
  return openInput({
    sets,
    ...{ features, seed, batchSize, epochs, augment, labelSmoothing, mixup },
    decisions: subclasses === undefined ? decisions : oneClass(decisions.outputs * subclasses),
    decode: ({ example }) => decodeForStudent(encoder, example),
    findRoom: () => roomHere(),
  });
}
