/** What functions can do: the deployment and the estimate read the same figures. */
import type { FunctionRow } from '../stages/stage.ts';

/** The memory that brings one vCPU (AWS Lambda Developer Guide, "Configure memory"). */
const memoryOfVcpuMiB = 1769;

export function vcpusOf({ memoryMiB }: Pick<FunctionRow, 'memoryMiB'>): number {
  return memoryMiB / memoryOfVcpuMiB;
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
