import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  type ExecutionListItem,
  ListExecutionsCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { type FailureCause, parseCause } from '../run/failure-cause.ts';
import { statusOf } from '../store/s3-failures.ts';

/** How far a stage is that has an execution for every shard. */
export interface ShardCounts {
  readonly done: number;
  /** Those that others' failure or an abort ended are not among them. */
  readonly failed: number;
  readonly running: number;
  /** LocalStack counts only what began. */
  readonly total: number;
}

/** One call, however many shards there are. */
export async function countShards(client: SFNClient, mapRun: string): Promise<ShardCounts> {
  const { itemCounts } = await client.send(new DescribeMapRunCommand({ mapRunArn: mapRun }));
  const { succeeded = 0, failed = 0, timedOut = 0 } = itemCounts ?? {};
  const { running = 0, total = 0 } = itemCounts ?? {};
  return { done: succeeded, failed: failed + timedOut, running, total };
}

/** The shard that a Map Run failed on. */
export interface FailedShard extends FailureCause {
  readonly shard: string | undefined;
  readonly error: string;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
}

/** What the execution of one shard is given. */
const shardInput = z.object({ shard: z.object({ id: z.string() }) });

/** Executions of one page: as many as Step Functions gives. The first failure stops all others. */
const pageExecutions = 1000;

/**
 * The shard that failed first: the Map Run itself says only that one did.
 * @returns undefined when none did, or when it cannot be found out: LocalStack does not list these
 *   executions, and what the run itself recorded is still worth telling.
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
    ...parseCause(found.cause),
    shard: shardInput.safeParse(JSON.parse(found.input ?? '{}')).data?.shard.id,
    error: found.error ?? 'unknown',
    startedAt: found.startDate,
    endedAt: found.stopDate,
  };
}

/** Not patiently: LocalStack has no such listing, and answers with an internal error every time. */
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
