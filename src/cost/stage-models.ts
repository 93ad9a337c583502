/** Models of the stages: the use of their calls in a run. */
import { product, sum } from '../arrays.ts';
import { featureShape } from '../data/features/index.ts';
import { formats } from '../data/formats/index.ts';
import { isLabeled, type SetName, setNames } from '../data/shard.ts';
import { labelNextPool } from '../debias/label-next.ts';
import { allExporters } from '../models/exporters.ts';
import { comparedExamples } from '../models/exports/exporter.ts';
import { isPenalized } from '../models/networks/index.ts';
import { type NetworkSize, sizeOfFile } from '../models/size/network-size.ts';
import { membersOf } from '../models/teachers/trained-kind.ts';
import type { TaskEstimate } from '../run/estimate-file.ts';
import { calibratesTeacher } from '../run/label-use.ts';
import { allStages, type StageName, stages } from '../stages/index.ts';
import type { Stage } from '../stages/stage.ts';
import { searchWork } from '../train/logistic/limits.ts';
import { checkpointPuts, oneCall, shardCalls, trainingEstimate } from './calls.ts';
import { pricedInstance, shardConcurrency, studentConcurrency } from './functions.ts';
import type { MapWork } from './map-calls.ts';
import { assumed, listingPage, measured } from './rates.ts';
import {
  labelsOnlyTraining,
  studentTraining,
  type TrainingWork,
  teacherTraining,
  trainingSeconds,
  warmUpTraining,
} from './training-work.ts';
import {
  dataGets,
  decodeSeconds,
  type EncoderWork,
  encodedGets,
  examplesOf,
  forwardSeconds,
  functionSpeed,
  gpuSpeed,
  groupsOf,
  imageSeconds,
  labeledGets,
  learnedBy,
  passSeconds,
  type RunWork,
  readSeconds,
  requestSeconds,
  type Speed,
  shardsOf,
  validatedOn,
  weightGets,
} from './work.ts';

/**
 * Model of a stage: one estimate per resource; returns undefined if the run does not call it.
 */
type StageModel = (work: RunWork, stage: Stage) => TaskEstimate | TaskEstimate[] | undefined;

/** Model of a stage that has none of its own: one short call. */
const shortCall: StageModel = (_, stage) => oneCall(stage, shortUse);
const shortUse = { seconds: 0, gets: 5, puts: 2 };

const models: Partial<Record<StageName, StageModel>> = {
  Plan: planning,
  Encode: encoding,
  TrainTeacher: teacherTrainings,
  Calibrate: calibrating,
  Label: labeling,
  Reconcile: reconciling,
  WarmUp: warmingUp,
  Weigh: weighing,
  Train: studentTrainings,
  Evaluate: evaluating,
};

/** Estimates the calls of all stages, in the order of the workflow. */
export function stageEstimates(work: RunWork): TaskEstimate[] {
  return allStages.flatMap((stage) => (models[stage.name] ?? shortCall)(work, stage) ?? []);
}

function planning(work: RunWork, stage: Stage): TaskEstimate {
  const pieces = sum(setNames.map((set) => work.sets[set].pieces));
  const cutGets = formats[work.config.data.format].cutGets * pieces;
  const learned = learnedBy(work);
  const pages = pieces / listingPage;
  const speed = functionSpeed(stage);
  return oneCall(stage, {
    seconds:
      passSeconds(work, learned, speed) +
      requestSeconds(pages, 1, speed) +
      requestSeconds(cutGets, 8, speed) +
      requestSeconds(shardsOf(work), 16, speed), // Is each shard labeled already?
    gets: dataGets(work, learned) + cutGets + shardsOf(work),
    puts: 6 + pages,
  });
}

function teacherTrainings(work: RunWork, stage: Stage): TaskEstimate | undefined {
  const each = membersOf(work.config.teacher).map((network, index) => {
    const training = teacherTraining(work, network, work.networks.members[index]!);
    return trainingEstimate(work, stage, training, encodedGets(work, training.sets));
  });
  return each.length > 0 ? each.reduce(oneAfterTheOther) : undefined;
}

function encoding(work: RunWork, stage: Stage): TaskEstimate | undefined {
  if (work.encoders.length === 0) return undefined;
  const [shards, share] = [shardsOf(work), 1 - work.embeddedShards / Math.max(shardsOf(work), 1)];
  const requests = {
    gets: 5 * shards + share * work.encoders.length * dataGets(work, setNames),
    puts: share * work.encoders.length * shards,
  };
  return shardCalls(stage, encodeWork(work), requests);
}

/** Returns the work of the Map around Encode. */
export function encodeWork(work: RunWork): MapWork {
  const speed = functionSpeed(stages.Encode);
  const examples = examplesOf(work, setNames);
  const seconds = setNames.flatMap((name) =>
    work.encoders.map((encoder) => {
      const pixels = encoder.size.length === 0 ? 0 : product(encoder.size);
      const decode = imageSeconds(work.sets[name], pixels, speed);
      const forward = forwardSeconds(encoderSize(encoder), speed);
      return work.sets[name].examples * (readSeconds(work, name, speed) + decode + forward);
    }),
  );
  const share = 1 - work.embeddedShards / Math.max(shardsOf(work), 1);
  return {
    ...mapAssumptions(work),
    shards: shardsOf(work),
    examples: examples * share,
    secondsPerExample: sum(seconds) / Math.max(examples, 1),
  };
}

/** Estimates the work of an encoder by the size of its files. A text uses each weight per token. */
function encoderSize({ bytes, size }: EncoderWork): NetworkSize {
  if (size.length > 0) return sizeOfFile(bytes, [...size, 3]);
  const one = sizeOfFile(bytes, [1]);
  return { ...one, macs: one.macs * assumed.textTokens };
}

/** The teacher labels the examples that judge it, one after the other. */
function calibrating(work: RunWork, stage: Stage): TaskEstimate {
  const { config, sets } = work;
  const hasValidation = sets.validation.examples > 0;
  const isMixed = membersOf(config.teacher).length > 1;
  if (!isMixed && !calibratesTeacher(config, hasValidation)) return oneCall(stage, shortUse);
  const judging = validatedOn(work);
  const speed = functionSpeed(stage);
  const seconds = judging.map((name) => labelSeconds(work, name, speed));
  const shards = sum(judging.map((name) => sets[name].shards));
  return oneCall(stage, {
    seconds: sum(seconds),
    gets: 5 + 2 * labeledGets(work, judging),
    puts: 2 + shards,
  });
}

/** Returns the time in which the teacher labels a set. */
function labelSeconds(work: RunWork, name: SetName, speed: Speed): number {
  const set = work.sets[name];
  const decode = decodeSeconds(work, set, 'teacher', speed);
  const each =
    readSeconds(work, name, speed) + decode + forwardSeconds(work.networks.teacher, speed);
  return set.examples * each;
}

function labeling(work: RunWork, stage: Stage): TaskEstimate {
  const [shards, share] = [shardsOf(work), unlabeledShare(work)];
  const requests = {
    gets: 5 * shards + share * dataGets(work, setNames),
    puts: (1 + share) * shards,
  };
  return shardCalls(stage, labelWork(work), requests);
}

function mapAssumptions({ concurrency = shardConcurrency }: RunWork) {
  return {
    overheadSeconds: assumed.callSeconds,
    concurrency,
    initSeconds: assumed.initSeconds,
    retriedShare: assumed.retriedShare,
  };
}

/** Returns the work of the Map around Label. */
export function labelWork(work: RunWork): MapWork {
  const speed = functionSpeed(stages.Label);
  const examples = examplesOf(work, setNames);
  const feeding = setNames.map((name) => {
    const set = work.sets[name];
    const decode = decodeSeconds(work, set, 'teacher', speed);
    return set.examples * (readSeconds(work, name, speed) + decode);
  });
  return {
    ...mapAssumptions(work),
    shards: shardsOf(work),
    examples: examples * unlabeledShare(work),
    secondsPerExample:
      sum(feeding) / Math.max(examples, 1) + forwardSeconds(work.networks.teacher, speed),
  };
}

/** Returns the share of the shards that have no labels yet; the others cost one request each. */
function unlabeledShare(work: RunWork): number {
  return 1 - work.labeledShards / Math.max(shardsOf(work), 1);
}

/**
 * Footers are read 16 at a time, with four requests each, one after the other. Every set but the
 * unlabeled one is read to find equal examples, and one again to measure the teacher's errors.
 */
function reconciling(work: RunWork, stage: Stage): TaskEstimate {
  const speed = functionSpeed(stage);
  const requests = 4 * shardsOf(work);
  const sets = [...setNames.filter(isLabeled), ...validatedOn(work)];
  const reading = sets.map((set) => work.sets[set].examples * readSeconds(work, set, speed));
  return oneCall(stage, {
    seconds: requestSeconds(requests, 16, speed) + sum(reading),
    gets: requests + labeledGets(work, sets),
    puts: 3,
  });
}

function warmingUp(work: RunWork, stage: Stage): TaskEstimate {
  const training = warmUpTraining(work);
  const gets = labeledGets(work, training.sets);
  const trained = trainingEstimate(work, stage, training, gets);
  if (!isPenalized(work.config.student)) return trained;
  const sets = ['labeled', 'validation', 'unlabeled'] as const;
  const speed = functionSpeed(stage);
  const seconds = passSeconds(work, sets, speed) + penaltySeconds(work, sets, speed);
  return oneAfterTheOther(
    oneCall(stage, { seconds, gets: labeledGets(work, sets), puts: 1 }),
    trained,
  );
}

function weighing(work: RunWork, stage: Stage): TaskEstimate {
  const { shards } = work.sets.unlabeled;
  const requests = { gets: 8 * shards + labeledGets(work, ['unlabeled']), puts: 2 * shards };
  return shardCalls(stage, weighWork(work), requests);
}

/** Returns the work of the Map around Weigh. */
export function weighWork(work: RunWork): MapWork {
  const speed = functionSpeed(stages.Weigh);
  const { unlabeled } = work.sets;
  return {
    ...mapAssumptions(work),
    shards: unlabeled.shards,
    examples: unlabeled.examples,
    secondsPerExample:
      readSeconds(work, 'unlabeled', speed) +
      decodeSeconds(work, unlabeled, 'student', speed) +
      forwardSeconds(work.networks.student, speed) +
      measured.weighSeconds / speed.core,
  };
}

/** Students, and the baselines beside them. */
function studentTrainings(work: RunWork, stage: Stage): TaskEstimate[] {
  const training = work.config.trainer === 'gpu' ? gpuTraining : functionTraining;
  const students = allStudents(work, training(work, stage, studentTraining(work)));
  if (work.baselines === 0) return [students];
  const labelsOnly = training(work, stage, labelsOnlyTraining(work));
  const logistic = logisticRegression(work, stage);
  const byResource = new Map<string, TaskEstimate>();
  for (const one of [students, labelsOnly, logistic]) {
    const same = byResource.get(one.resource);
    byResource.set(one.resource, same ? together(same, one) : one);
  }
  return [...byResource.values()];
}

/** Adds trainings that follow each other. */
function oneAfterTheOther(a: TaskEstimate, b: TaskEstimate): TaskEstimate {
  return { ...together(a, b), wallSeconds: a.wallSeconds + b.wallSeconds };
}

/** Adds what a baseline uses. It takes no time of its own: it is trained beside the others. */
function together(a: TaskEstimate, b: TaskEstimate): TaskEstimate {
  return {
    ...a,
    calls: a.calls + b.calls,
    seconds: a.seconds + b.seconds,
    gets: a.gets + b.gets,
    puts: a.puts + b.puts,
    wallSeconds: Math.max(a.wallSeconds, b.wallSeconds),
  };
}

/** Approximate maximum number of passes over the labels in the search for the penalty. */
const logisticPasses = 600;

function logisticRegression(work: RunWork, stage: Stage): TaskEstimate {
  const speed = functionSpeed(stage);
  const sets = ['labeled', 'validation'] as const;
  const seconds = passSeconds(work, sets, speed) + penaltySeconds(work, sets, speed);
  return oneCall(stage, { seconds, gets: 10 + labeledGets(work, sets), puts: 5 });
}

/** Returns the time of the search for the penalty of a linear model, and of its last fit. */
function penaltySeconds(work: RunWork, sets: readonly SetName[], speed: Speed): number {
  // A head reads embeddings, not the features of the examples.
  const weights = isPenalized(work.config.student)
    ? work.networks.student.parameters
    : product(featureShape(work.features)) * work.classes;
  const products = Math.min(examplesOf(work, sets) * weights, searchWork);
  const pass = (4 * products) / speed.forwardFlops + measured.layerSeconds / speed.core;
  return logisticPasses * pass;
}

/** A few students train at a time; each reads the weights of the first epoch in every epoch. */
function allStudents(work: RunWork, one: TaskEstimate): TaskEstimate {
  const { trainings, config } = work;
  const all = sum(trainings);
  const rounds = Math.ceil(trainings.length / studentConcurrency);
  return {
    ...one,
    calls: all * one.calls,
    seconds: all * one.seconds,
    gets: all * (one.gets + config.student.epochs * weightGets(work)),
    puts: all * one.puts,
    wallSeconds: rounds * Math.max(...trainings) * one.wallSeconds,
  };
}

function functionTraining(work: RunWork, stage: Stage, training: TrainingWork): TaskEstimate {
  return trainingEstimate(work, stage, training, labeledGets(work, training.sets));
}

/** Priced On-Demand, as if no Spot instance were available. */
function gpuTraining(work: RunWork, { name }: Stage, training: TrainingWork): TaskEstimate {
  const seconds = trainingSeconds(work, training, gpuSpeed);
  return {
    task: name,
    resource: `${pricedInstance}-ondemand`,
    calls: 1,
    seconds,
    gets: 10 + training.network.epochs * labeledGets(work, training.sets),
    puts: checkpointPuts(seconds),
    wallSeconds: assumed.gpuStartSeconds + seconds,
  };
}

/**
 * Students, baselines and the student in use predict the test set. All weights are read for their
 * histogram, and labels of a part of the shards for the examples to label next.
 */
function evaluating(work: RunWork, stage: Stage): TaskEstimate {
  const speed = functionSpeed(stage);
  const { test, validation, unlabeled } = work.sets;
  const learned = validation.examples > 0 ? 'validation' : 'labeled';
  const name = test.examples > 0 ? 'test' : learned;
  const models = work.trainings.length + work.baselines + 1;
  // One for the inputs of this run's models, and one for those of the student in use.
  const passes = 2;
  const { examples } = work.sets[name];
  const forward = forwardSeconds(work.networks.student, speed);
  // A student is compared with its exported files.
  const compared =
    work.trainings.length *
    allExporters.filter(({ open }) => open).length *
    Math.min(examples, comparedExamples);
  const inference = (models * examples + compared) * forward;
  const labelsShare = Math.min(1, labelNextPool / Math.max(unlabeled.examples, 1));
  const labelShards = labelsShare * unlabeled.shards;
  const labelGroups = labelsShare * groupsOf(unlabeled);
  // The columns of a row group are requested at the same time.
  const rows =
    ((1 + labelsShare) * unlabeled.examples * measured.weightRowSeconds) / speed.core +
    requestSeconds(2 * (unlabeled.shards + labelShards), 1, speed) +
    requestSeconds(6 * groupsOf(unlabeled), 6, speed) +
    requestSeconds(4 * labelGroups, 4, speed);
  return oneCall(stage, {
    seconds: passes * passSeconds(work, [name], speed) + inference + rows,
    gets:
      20 +
      passes * labeledGets(work, [name]) +
      weightGets(work) +
      2 * labelShards +
      4 * labelGroups,
    puts: 4,
  });
}
