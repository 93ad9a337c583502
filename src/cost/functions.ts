/**
 * How much memory each function has, MiB; a function's share of processors follows from it. Read by
 * the deployment and by the estimate, so that what is priced is what is deployed.
 *
 * Measured on a machine with 2 cores, not on Lambda: Start and Publish take about 65 MiB, Plan 96, 0.65
 * more for each 1,000 objects and 320 more where TensorFlow builds a topology of the user's; what
 * trains or computes with TensorFlow takes 440 to 1,700 for images of up to 64 pixels a side, and Label
 * 1,965 with a teacher like ResNet-50. Reconcile takes 70, but 4 requests a shard at 1 ms: 50,000
 * shards need a whole processor. More than 3,008 can not be deployed in a new account, and would cost
 * three times as much in training for a second core that saved 7 to 20% of the time.
 */
export const functionMemoryMiB = {
  Start: 512,
  Sweep: 512,
  Plan: 1769,
  TrainTeacher: 3008,
  Label: 3008,
  Reconcile: 1769,
  WarmUp: 3008,
  Weigh: 3008,
  Train: 3008,
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
