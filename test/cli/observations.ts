import type { StageStatus } from '../../src/aws/status.ts';
import type { Observation } from '../../src/cli/run-observer.ts';

const beganAt = Date.UTC(2026, 10, 25, 12);

/** Time after the start of the run, in seconds. */
export function second(seconds: number): Date {
  return new Date(beganAt + seconds * 1000);
}

function stage(name: string, state: StageStatus['state'], from?: number, to?: number): StageStatus {
  return {
    name,
    state,
    startedAt: from === undefined ? undefined : second(from),
    endedAt: to === undefined ? undefined : second(to),
    shards: undefined,
    students: [],
  };
}

/** A run of 50,000 shards in the middle of Label, as it is seen at a second. */
export function inLabel(seconds: number, done: number): Observation {
  return {
    run: 'cifar-2f7a91c04be3',
    attempt: 1,
    status: 'RUNNING',
    until: undefined,
    refused: false,
    dataset: 's3://data/cifar',
    startedAt: second(0),
    endedAt: undefined,
    stages: [
      stage('Plan', 'done', 0, 4),
      stage('Train teacher', 'skipped'),
      {
        ...stage('Label', 'running', 4),
        shards: { done, failed: 3, running: 100, total: 50_000 },
      },
      ...['Reconcile', 'Warm up', 'Weigh', 'Train variants', 'Evaluate', 'Publish'].map((name) =>
        stage(name, 'waiting'),
      ),
    ],
    failure: undefined,
    publication: undefined,
    estimatedUsd: 12.5,
    at: second(seconds),
    ratePerSecond: 41.2,
    timeLeft: { least: 920, most: 920 },
    spentUsd: 3.1,
  };
}

/** The same run when it trains its students. */
export function inTraining(seconds: number): Observation {
  const seen = inLabel(seconds, 50_000);
  const past = seen.stages.slice(2, 6).map(({ name }) => stage(name, 'done', 4, 1300));
  const shards = { done: 50_000, failed: 0, running: 0, total: 50_000 };
  return {
    ...seen,
    ratePerSecond: undefined,
    timeLeft: undefined,
    stages: [
      ...seen.stages.slice(0, 2),
      ...past.map((each, i) => (i === 0 ? { ...each, shards } : each)),
      {
        ...stage('Train variants', 'running', 1300),
        students: [
          { name: 'weighted', state: 'training' },
          { name: 'uniform', state: 'done' },
          { name: 'hard', state: 'waiting' },
        ],
      },
      ...seen.stages.slice(7),
    ],
  };
}

/** When all is done. */
export function succeeded(): Observation {
  const seen = inTraining(2000);
  return {
    ...seen,
    status: 'SUCCEEDED',
    endedAt: second(1980),
    stages: seen.stages.map((each) =>
      each.state === 'skipped' ? each : { ...each, state: 'done', endedAt: second(1980) },
    ),
    publication: { published: true, reason: 'the first student of this dataset' },
  };
}

/** When a shard failed. */
export function failed(): Observation {
  const seen = inLabel(300, 12_340);
  return {
    ...seen,
    status: 'FAILED',
    endedAt: second(290),
    stages: seen.stages.map((each) =>
      each.name === 'Label' ? { ...each, state: 'failed', endedAt: second(289) } : each,
    ),
    failure: {
      stage: 'Label',
      part: 'ab12cd34',
      error: 'Runtime.ExitError',
      message: 'RequestId: 1 Error: Runtime exited with error: signal: killed',
      hint: 'Run the same command again to resume.',
      startedAt: second(4),
      endedAt: second(289),
    },
  };
}
