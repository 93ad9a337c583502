import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  type ExecutionListItem,
  ListExecutionsCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { type FailureCause, parseCause } from '../stages/failure-cause.ts';

/** How far a stage is that has an execution for every shard. */
export interface ShardCounts {
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  /** LocalStack counts only what began. */
  readonly total: number;
}

/** One call, however many shards there are. */
export async function countShards(client: SFNClient, mapRun: string): Promise<ShardCounts> {
  const { itemCounts } = await client.send(new DescribeMapRunCommand({ mapRunArn: mapRun }));
  const { succeeded = 0, failed = 0, timedOut = 0, aborted = 0 } = itemCounts ?? {};
  const { running = 0, total = 0 } = itemCounts ?? {};
  return { done: succeeded, failed: failed + timedOut + aborted, running, total };
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
 * @returns undefined when none did, or where executions of shards are not listed, as on LocalStack.
 */
export async function firstFailedShard(
  client: SFNClient,
  mapRun: string,
): Promise<FailedShard | undefined> {
  const listing = new ListExecutionsCommand({
    mapRunArn: mapRun,
    statusFilter: 'FAILED',
    maxResults: pageExecutions,
  });
  const listed = await client.send(listing).catch((error: unknown) => {
    if (error instanceof Error && /^(ValidationException|InvalidArn)$/.test(error.name)) return;
    throw error;
  });
  const [first] = (listed?.executions ?? []).toSorted((a, b) => ended(a) - ended(b));
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

function ended({ stopDate }: ExecutionListItem): number {
  return stopDate?.getTime() ?? Number.POSITIVE_INFINITY;
}
