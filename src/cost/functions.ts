/** Figures of functions that the deployment and the estimate share. */
import type { FunctionRow } from '../stages/stage.ts';

/** Memory that comes with one vCPU (AWS Lambda Developer Guide, "Configure memory"). */
const memoryOfVcpuMiB = 1769;

export function vcpusOf({ memoryMiB }: Pick<FunctionRow, 'memoryMiB'>): number {
  return memoryMiB / memoryOfVcpuMiB;
}

/** Maximum time of a call. */
export const functionTimeoutSeconds = 900;

/**
 * Time after which Step Functions no longer waits for the answer of a call, and repeats it. The
 * function has then ended: the difference is for its start.
 */
export const callTimeoutSeconds = functionTimeoutSeconds + 60;

/**
 * Maximum time of a GPU training: 14 days. It is the timeout of the workflow's task and of each
 * attempt of its job. AWS Batch does not retry a job that its timeout ended (AWS Batch User Guide,
 * "Job timeouts"), so that the timeout of an attempt must not be shorter.
 */
export const gpuTrainingSeconds = 14 * 24 * 60 * 60;

/**
 * Maximum number of attempts of a GPU job; AWS Batch allows no more. Interruptions use them, and
 * each attempt resumes from the checkpoint of the attempt before.
 */
export const gpuAttempts = 10;

/** Shards that a run processes at once, unless the deployment or the account has another limit. */
export const shardConcurrency = 100;
/** Students that a run trains at once: `MaxConcurrency` of the workflow's Map. */
export const studentConcurrency = 4;

/** Share of the account's functions that the shards of one run may use. */
const shardShare = 0.9;

/**
 * Returns how many shards a run processes at once. If more functions were called than the account
 * allows, the others would be throttled, and each retry is paid. A tenth is left for triggers and
 * other functions.
 *
 * @param wanted Setting of the deployment. Default: 100.
 * @param allowed Functions that the account may run at once. Default: enough.
 * @example shardsAtOnce(undefined, 10) // 9
 */
export function shardsAtOnce(
  wanted = shardConcurrency,
  allowed = Number.POSITIVE_INFINITY,
): number {
  return Math.max(1, Math.min(wanted, Math.floor(shardShare * allowed)));
}

/** Maximum number of calls of a training function, the first one included. */
export const trainingCalls = 101;

/** GPU instance that is priced; a deployment may use others of the price list. */
export const pricedInstance = 'g5.xlarge';
