import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  type ExecutionListItem,
  ListExecutionsCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { statusOf } from '../store/s3-failures.ts';

/** Progress of a stage with one execution per shard. */
export interface ShardCounts {
  readonly done: number;
  /** Does not include shards that ended because of an abort or another shard's failure. */
  readonly failed: number;
  readonly running: number;
  /** LocalStack counts only shards that have begun. */
  readonly total: number;
}

/** Counts the shards of a Map Run by state, with one call for any number of shards. */
export async function countShards(client: SFNClient, mapRun: string): Promise<ShardCounts> {
  const { itemCounts } = await client.send(new DescribeMapRunCommand({ mapRunArn: mapRun }));
  const { succeeded = 0, failed = 0, timedOut = 0 } = itemCounts ?? {};
  const { running = 0, total = 0 } = itemCounts ?? {};
  return { done: succeeded, failed: failed + timedOut, running, total };
}

/** Shard that failed a Map Run. */
export interface FailedShard {
  readonly shard: string | undefined;
  readonly error: string;
  /** Cause of the failure, as Step Functions has it. */
  readonly cause: string | undefined;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
}

/** Input of a shard's execution. */
const shardInput = z.object({ shard: z.object({ id: z.string() }) });

/** Executions per page: the maximum of Step Functions. The first failure stops all others. */
const pageExecutions = 1000;

/**
 * Finds the shard that failed first; the Map Run itself does not name it.
 * @returns undefined if none failed, or on LocalStack, which does not list these executions. The
 *   run's own record of the failure is still useful then.
 */
export async function firstFailedShard(
  client: SFNClient,
  mapRun: string,
): Promise<FailedShard | undefined> {
  const listed = await listFailed(mapRun);
  const [first] = listed.toSorted((a, b) => ended(a) - ended(b));
  if (!first) return undefined;
  const found = await client.send(
    new DescribeExecutionCommand({ executionArn: first.executionArn }),
  );
  return {
    cause: found.cause,
    shard: shardInput.safeParse(JSON.parse(found.input ?? '{}')).data?.shard.id,
    error: found.error ?? 'unknown',
    startedAt: found.startDate,
    endedAt: found.stopDate,
  };
}

/** Lists failed executions, without retries: LocalStack always answers with an internal error. */
async function listFailed(mapRun: string): Promise<ExecutionListItem[]> {
  const listing = new ListExecutionsCommand({
    mapRunArn: mapRun,
    statusFilter: 'FAILED',
    maxResults: pageExecutions,
  });
  try {
    return (await new SFNClient().send(listing)).executions ?? [];
  } catch (error) {
    if (statusOf(error) >= 500) return [];
    throw error;
  }
}

function ended({ stopDate }: ExecutionListItem): number {
  return stopDate?.getTime() ?? Number.POSITIVE_INFINITY;
}
