/**
 * How much memory each function has, MiB; a function's share of processors follows from it. Read by
 * the deployment and by the estimate, so that what is priced is what is deployed.
 */
export const functionMemoryMiB = {
  Start: 512,
  Sweep: 512,
  Plan: 3008,
  TrainTeacher: 10_240,
  Label: 3008,
  Reconcile: 1024,
  WarmUp: 10_240,
  Weigh: 3008,
  Train: 10_240,
  Evaluate: 3008,
  Publish: 512,
  RecordFailure: 512,
} as const;
export type FunctionName = keyof typeof functionMemoryMiB;

/** The memory that brings one vCPU (AWS Lambda Developer Guide, "Configure memory"). */
const memoryOfVcpuMiB = 1769;

export function vcpusOf(name: FunctionName): number {
  return functionMemoryMiB[name] / memoryOfVcpuMiB;
}

/** The longest that a call may take. */
export const functionTimeoutSeconds = 900;

/** `MaxConcurrency` of the workflow's maps: of shards, and of students. */
export const shardConcurrency = 100;
export const studentConcurrency = 4;

/** Calls of a training function, the first one included, before the workflow gives up. */
export const trainingCalls = 101;

/** The GPU machine that is priced; the deployment may get others of the price list. */
export const pricedInstance = 'g5.xlarge';
