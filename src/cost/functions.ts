/** Figures of functions that the deployment and the estimate share. */
import type { FunctionRow } from '../stages/stage.ts';

/** Memory that comes with one vCPU (AWS Lambda Developer Guide, "Configure memory"). */
const memoryOfVcpuMiB = 1769;

export function vcpusOf({ memoryMiB }: Pick<FunctionRow, 'memoryMiB'>): number {
  return memoryMiB / memoryOfVcpuMiB;
}

/** Maximum time of a call. */
export const functionTimeoutSeconds = 900;

/** `MaxConcurrency` of the workflow's Maps: of shards, and of students. */
export const shardConcurrency = 100;
export const studentConcurrency = 4;

/** Maximum number of calls of a training function, the first one included. */
export const trainingCalls = 101;

/** GPU instance that is priced; a deployment may use others of the price list. */
export const pricedInstance = 'g5.xlarge';
