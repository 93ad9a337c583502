/**
 * What a run will use and cost on AWS, from its plan: arithmetic alone, so the same plan gives the
 * same estimate. The time of a task is the work of its examples at the rates of `rates.ts`.
 */

import { sum } from '../arrays.ts';
import { formats } from '../data/formats/index.ts';
import { setNames } from '../data/shard.ts';
import { labelNextPool } from '../debias/label-next.ts';
import type { Network } from '../models/networks/index.ts';
import type { Estimate, TaskEstimate } from '../run/estimate-file.ts';
import { type StageName, stages } from '../stages/index.ts';
import { billOf, type RunCounts } from './bill.ts';
import { pricedInstance, shardConcurrency, studentConcurrency } from './functions.ts';
import { limitWarnings } from './limits.ts';
import { type MapWork, mapCalls, shardSeconds } from './map-calls.ts';
import { assumed, measured } from './rates.ts';
import {
  callsOf,
  studentTraining,
  type Training,
  teacherTraining,
  trainingSeconds,
  warmUpTraining,
} from './training-work.ts';
import {
  dataGets,
  decodeSeconds,
  examplesOf,
  forwardSeconds,
  functionSpeed,
  gpuSpeed,
  groupsOf,
  labeledGets,
  passSeconds,
  type RunWork,
  readSeconds,
  requestSeconds,
  shardsOf,
  validatedOn,
  weightGets,
} from './work.ts';

export function estimate(work: RunWork): Estimate {
  const ownTeacher = work.config.teacher.train;
  const tasks = [
    plan(work),
    ...(ownTeacher ? [trainTeacher(work, ownTeacher)] : []),
    map('Label', labelWork(work), labelRequests(work)),
    reconcile(work),
    training(work, 'WarmUp', warmUpTraining(work)),
    map('Weigh', weighWork(work), weighRequests(work)),
    work.config.trainer === 'gpu' ? trainOnGpu(work) : trainInFunctions(work),
    evaluate(work),
    single('Publish', { seconds: 0, gets: 5, puts: 2 }),
  ];
  const counts = countsOf(work);
  const warnings = [
    ...limitWarnings(work, tasks, { label: labelWork(work), weigh: weighWork(work) }),
  ];
  const { storedBytes } = counts;
  return { sets: work.sets, tasks, storedBytes, bill: billOf(tasks, counts), warnings };
}

function countsOf(work: RunWork): RunCounts {
  const rowBytes = measured.labelRowBytes + 4 * work.classes;
  const relabelings = sum(work.trainings.map((trainings) => (trainings - 1) / work.config.folds));
  const labels =
    (examplesOf(work, setNames) + relabelings * work.sets.unlabeled.examples) * rowBytes;
  const weights = work.sets.unlabeled.examples * measured.weightRowBytes;
  // f₀ and the students: weights, and in the last checkpoint once more with two moments each.
  const models = (sum(work.trainings) + 1) * work.networks.student.parameters * 4 * 4;
  return {
    shards: shardsOf(work),
    unlabeledShards: work.sets.unlabeled.shards,
    variants: work.trainings.length,
    storedBytes: labels + weights + models,
  };
}

interface Requests {
  readonly gets: number;
  readonly puts: number;
}

/** A task of one call. */
function single(task: StageName, use: Requests & { readonly seconds: number }): TaskEstimate {
  const seconds = assumed.initSeconds + assumed.callSeconds + use.seconds;
  const resource = `lambda-${stages[task].memoryMiB}`;
  return { task, resource, ...use, calls: 1, seconds, wallSeconds: seconds };
}

/** A page of the listing has 1,000 objects. */
function plan(work: RunWork): TaskEstimate {
  const pieces = sum(setNames.map((set) => work.sets[set].pieces));
  const cutGets = formats[work.config.data.format].cutGets * pieces;
  const pages = pieces / 1000;
  const speed = functionSpeed(stages.Plan);
  return single('Plan', {
    seconds:
      passSeconds(work, ['labeled'], speed) +
      requestSeconds(pages, 1, speed) +
      requestSeconds(cutGets, 8, speed) +
      // Of the shards it is asked whether they are labeled.
      requestSeconds(shardsOf(work), 16, speed),
    gets: dataGets(work, ['labeled']) + cutGets + shardsOf(work),
    puts: 6 + pages,
  });
}

function map(task: 'Label' | 'Weigh', work: MapWork, requests: Requests): TaskEstimate {
  const rounds = Math.ceil(work.shards / work.concurrency);
  return {
    task,
    resource: `lambda-${stages[task].memoryMiB}`,
    ...mapCalls(work),
    ...requests,
    wallSeconds: work.initSeconds + rounds * shardSeconds(work),
  };
}

const mapAssumptions = {
  overheadSeconds: assumed.callSeconds,
  concurrency: shardConcurrency,
  initSeconds: assumed.initSeconds,
  retriedShare: assumed.retriedShare,
};

/** Shards that are labeled already are looked at, and that is all. */
function unlabeledShare(work: RunWork): number {
  return 1 - work.labeledShards / Math.max(shardsOf(work), 1);
}

function labelWork(work: RunWork): MapWork {
  const speed = functionSpeed(stages.Label);
  const examples = examplesOf(work, setNames);
  const feeding = setNames.map((name) => {
    const set = work.sets[name];
    const decode = decodeSeconds(work, set, 'teacher', speed);
    return set.examples * (readSeconds(work, name, speed) + decode);
  });
  return {
    ...mapAssumptions,
    shards: shardsOf(work),
    examples: examples * unlabeledShare(work),
    secondsPerExample:
      sum(feeding) / Math.max(examples, 1) + forwardSeconds(work.networks.teacher, speed),
  };
}

function labelRequests(work: RunWork): Requests {
  const [shards, share] = [shardsOf(work), unlabeledShare(work)];
  return { gets: 5 * shards + share * dataGets(work, setNames), puts: (1 + share) * shards };
}

/**
 * Footers are read sixteen at a time, each with four requests one after the other; then the examples
 * that tell where the teacher errs.
 */
function reconcile(work: RunWork): TaskEstimate {
  const speed = functionSpeed(stages.Reconcile);
  const requests = 4 * shardsOf(work);
  const set = validatedOn(work);
  return single('Reconcile', {
    seconds:
      requestSeconds(requests, 16, speed) + work.sets[set].examples * readSeconds(work, set, speed),
    gets: requests + labeledGets(work, [set]),
    puts: 2,
  });
}

function weighWork(work: RunWork): MapWork {
  const speed = functionSpeed(stages.Weigh);
  const { unlabeled } = work.sets;
  return {
    ...mapAssumptions,
    shards: unlabeled.shards,
    examples: unlabeled.examples,
    secondsPerExample:
      readSeconds(work, 'unlabeled', speed) +
      decodeSeconds(work, unlabeled, 'student', speed) +
      forwardSeconds(work.networks.student, speed) +
      measured.weighSeconds / speed.core,
  };
}

function weighRequests(work: RunWork): Requests {
  const { shards } = work.sets.unlabeled;
  return { gets: 8 * shards + labeledGets(work, ['unlabeled']), puts: 2 * shards };
}

/** Checkpoints: one a minute, of two objects; then the model. */
const trainingPuts = (seconds: number) => 5 + seconds / 30;

function training(work: RunWork, task: 'WarmUp' | 'Train', of: Training): TaskEstimate {
  const { calls, seconds } = callsOf(work, of, stages[task]);
  return {
    task,
    resource: `lambda-${stages[task].memoryMiB}`,
    calls,
    seconds,
    gets: 10 * calls + of.network.epochs * labeledGets(work, of.sets),
    puts: trainingPuts(seconds),
    wallSeconds: seconds,
  };
}

function trainTeacher(work: RunWork, network: Network): TaskEstimate {
  const of = teacherTraining(work, network);
  const { calls, seconds } = callsOf(work, of, stages.TrainTeacher);
  return {
    task: 'TrainTeacher',
    resource: `lambda-${stages.TrainTeacher.memoryMiB}`,
    calls,
    seconds,
    gets: 10 * calls + of.network.epochs * dataGets(work, of.sets),
    puts: trainingPuts(seconds),
    wallSeconds: seconds,
  };
}

/** A few students at a time; the weights of the first epoch are read in every one. */
function allVariants(work: RunWork, one: TaskEstimate): TaskEstimate {
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

function trainInFunctions(work: RunWork): TaskEstimate {
  return allVariants(work, training(work, 'Train', studentTraining(work)));
}

/** On-Demand: the price when there is no Spot machine to be had. */
function trainOnGpu(work: RunWork): TaskEstimate {
  const of = studentTraining(work);
  const seconds = trainingSeconds(work, of, gpuSpeed);
  return allVariants(work, {
    task: 'Train',
    resource: `${pricedInstance}-ondemand`,
    calls: 1,
    seconds,
    gets: 10 + of.network.epochs * labeledGets(work, of.sets),
    puts: trainingPuts(seconds),
    wallSeconds: assumed.gpuStartSeconds + seconds,
  });
}

/** The test set through every student; all weights, for their histogram; labels, for what to label next. */
function evaluate(work: RunWork): TaskEstimate {
  const speed = functionSpeed(stages.Evaluate);
  const { test, unlabeled } = work.sets;
  const name = test.examples > 0 ? 'test' : validatedOn(work);
  const inference = work.sets[name].examples * forwardSeconds(work.networks.student, speed);
  // Of the shards, as many as have about so many labels.
  const labelsShare = Math.min(1, labelNextPool / Math.max(unlabeled.examples, 1));
  const labelShards = labelsShare * unlabeled.shards;
  const labelGroups = labelsShare * groupsOf(unlabeled);
  // The columns of a row group are asked for at once.
  const rows =
    ((1 + labelsShare) * unlabeled.examples * measured.weightRowSeconds) / speed.core +
    requestSeconds(2 * (unlabeled.shards + labelShards), 1, speed) +
    requestSeconds(6 * groupsOf(unlabeled), 6, speed) +
    requestSeconds(4 * labelGroups, 4, speed);
  return single('Evaluate', {
    seconds: work.trainings.length * (passSeconds(work, [name], speed) + inference) + rows,
    gets:
      20 +
      work.trainings.length * labeledGets(work, [name]) +
      weightGets(work) +
      2 * labelShards +
      4 * labelGroups,
    puts: 4,
  });
}
