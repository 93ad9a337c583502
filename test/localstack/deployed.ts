/** The workflow on LocalStack, as the tests see it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeMapRunCommand,
  type HistoryEvent,
  ListExecutionsCommand,
  ListMapRunsCommand,
  type MapRunItemCounts,
  paginateGetExecutionHistory,
} from '@aws-sdk/client-sfn';
import { describe, inject } from 'vitest';
import { z } from 'zod';
import { type DeployedStack, findDeployment } from '../../src/aws/deployment.ts';
import {
  describeExecution,
  type Execution,
  openStepFunctions,
  runOf,
} from '../../src/aws/executions.ts';
import { keys } from '../../src/run/keys.ts';
import { readManifest } from '../../src/run/objects-file.ts';
import { shardStages, stages } from '../../src/stages/index.ts';
import { openStore } from '../../src/store/open.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { namesOf } from '../../src/table.ts';
import { nameCall } from './embedded.ts';

const url = inject('deployment');
// Before any client is made: the SDK reads the variables then.
if (url !== undefined) Object.assign(process.env, await environment(url));

/** Skipped where LocalStack cannot run; the set-up has reported why. */
export const describeDeployed = describe.skipIf(url === undefined);

/** Waits until the workflow is deployed. Not by fetch(), which waits for five minutes at most. */
async function environment(url: string): Promise<Record<string, string>> {
  const [response] = await once(get(url), 'response');
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(body);
  return JSON.parse(body);
}

const program = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

/** Calls the command line, as a user would. */
export async function counterweight(...args: string[]) {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { code, stdout, stderr };
}

let deployed: Promise<DeployedStack> | undefined;

/** The deployment, found once. */
export function deployment(): Promise<DeployedStack> {
  deployed ??= findDeployment();
  return deployed;
}

export async function results(): Promise<ObjectStore> {
  return openStore((await deployment()).results);
}

/** Waits until `look` finds something; the test's own time limit ends a wait in vain. */
export async function eventually<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** The executions for a dataset so far, the oldest first. */
export async function executionsOf(dataset: string): Promise<Execution[]> {
  const { stateMachine } = await deployment();
  const { executions = [] } = await openStepFunctions().send(
    new ListExecutionsCommand({ stateMachineArn: stateMachine, maxResults: 1000 }),
  );
  const pattern = new RegExp(`^${dataset}-[0-9a-f]{12}$`);
  const arns = executions.filter(({ name }) => pattern.test(runOf(name!)));
  const found = await Promise.all(arns.map(({ executionArn }) => describeExecution(executionArn!)));
  return found.map((execution) => execution!).sort((a, b) => +a.startedAt - +b.startedAt);
}

/** Waits until the nth execution for a dataset has started. */
export async function started(dataset: string, nth = 1): Promise<Execution & { run: string }> {
  const execution = await eventually(async () => (await executionsOf(dataset))[nth - 1]);
  return { ...execution, run: runOf(execution.arn.split(':').at(-1)!) };
}

/** Waits until it has also ended. */
export async function ended(dataset: string, nth = 1): ReturnType<typeof started> {
  return eventually(async () => {
    const execution = await started(dataset, nth);
    return execution.status === 'RUNNING' ? undefined : execution;
  });
}

/** Everything that happened in an execution, in order. */
export async function history(arn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  const client = openStepFunctions();
  for await (const page of paginateGetExecutionHistory({ client }, { executionArn: arn })) {
    events.push(...(page.events ?? []));
  }
  return events;
}

/** Shard counts of an execution's Distributed Maps, by the name of the Map. */
export async function shardCounts(arn: string): Promise<Map<string, MapRunItemCounts>> {
  const client = openStepFunctions();
  const { mapRuns = [] } = await client.send(new ListMapRunsCommand({ executionArn: arn }));
  const events = await history(arn);
  const entered = new Set(events.map((event) => event.stateEnteredEventDetails?.name));
  const counts = await Promise.all(
    mapRuns
      .toSorted((a, b) => +a.startDate! - +b.startDate!)
      .map(({ mapRunArn }) => client.send(new DescribeMapRunCommand({ mapRunArn }))),
  );
  const names = shardStages.map(({ title }) => title).filter((name) => entered.has(name));
  return new Map(counts.map(({ itemCounts }, index) => [names[index]!, itemCounts!]));
}

/**
 * As `runEmbedded` writes it down: the states entered and the functions called, sorted. LocalStack
 * has no histories of the executions of single shards: how many there were is in the Map's counts,
 * and what they called in the functions' logs.
 */
export async function workflowCalls({ arn, run }: { arn: string; run: string }): Promise<string[]> {
  const items = await readManifest(await results(), keys.shards(run));
  const shards = items.map(({ id }) => id);
  const calls: string[] = [];
  for (const { stateEnteredEventDetails, taskScheduledEventDetails } of await history(arn)) {
    if (stateEnteredEventDetails) calls.push(`enter ${stateEnteredEventDetails.name}`);
    if (!taskScheduledEventDetails?.parameters) continue;
    const called = invocation.parse(JSON.parse(taskScheduledEventDetails.parameters));
    calls.push(nameCall(taskOf(called.FunctionName), called.Payload, shards));
  }
  for (const [map, { total = 0 }] of await shardCounts(arn)) {
    for (let shard = 0; shard < total; shard++) calls.push(`enter ${map} shard`);
  }
  for (const line of await logLines()) {
    if (line.run !== run || !line.shard || line.message !== 'The task ended') continue;
    calls.push(nameCall(line.task!, { shard: { id: line.shard } }, shards));
  }
  return calls.sort();
}

const invocation = z.object({ FunctionName: z.string(), Payload: z.unknown() });

/** Functions are named after their tasks, with what CloudFormation puts around that. */
function taskOf(functionName: string): string {
  const task = namesOf(stages)
    .filter((name) => functionName.includes(name))
    .sort((a, b) => b.length - a.length)[0];
  if (!task) throw new Error(`${functionName} is not the function of a task`);
  return task;
}

/** The keys of a run's objects below a folder of it, such as 'students/'. */
export async function keysOf(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of (await results()).list(prefix)) keys.push(key);
  return keys;
}

/** Every version of the objects below a prefix of the results, by key. */
export async function versionsOf(prefix: string): Promise<string[]> {
  const Bucket = (await deployment()).results.replace('s3://', '');
  const { Versions = [] } = await new S3Client({ forcePathStyle: true }).send(
    new ListObjectVersionsCommand({ Bucket, Prefix: prefix }),
  );
  return Versions.map(({ Key }) => Key!);
}

const logLine = z.looseObject({
  message: z.unknown().optional(),
  run: z.string().optional(),
  task: z.string().optional(),
  shard: z.string().optional(),
});

/** Log lines of the functions and of Lambda, without lines that are not JSON. */
export async function logLines(): Promise<z.infer<typeof logLine>[]> {
  const messages = (await logMessages()).filter((message) => message.startsWith('{'));
  return messages.map((message) => logLine.parse(JSON.parse(message)));
}

const report = z.object({
  time: z.coerce.date(),
  type: z.literal('platform.report'),
  record: z.object({
    errorType: z.string().optional(),
    metrics: z.object({ memorySizeMB: z.number(), maxMemoryUsedMB: z.number().optional() }),
  }),
});

/** Lambda's own reports of the calls so far, or since a moment. */
async function reports(since = new Date(0)) {
  const found = (await logLines()).flatMap((line) => report.safeParse(line).data ?? []);
  return found.filter(({ time }) => time >= since).map(({ record }) => record);
}

/** The names of the errors that calls of functions ended with since a moment. */
export async function callErrors(since: Date): Promise<string[]> {
  return (await reports(since)).flatMap(({ errorType }) => errorType ?? []);
}

/** Memory that the calls so far have used, as a share of what their functions have. */
export async function memoryUse(): Promise<number[]> {
  return (await reports()).flatMap(({ metrics: { memorySizeMB, maxMemoryUsedMB } }) =>
    maxMemoryUsedMB === undefined ? [] : maxMemoryUsedMB / memorySizeMB,
  );
}

/** All that the functions have logged so far. */
export async function logMessages(): Promise<string[]> {
  const { logGroup: logGroupName } = await deployment();
  const client = new CloudWatchLogsClient();
  const messages: string[] = [];
  for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName })) {
    messages.push(...events.map(({ message }) => message ?? ''));
  }
  return messages;
}
