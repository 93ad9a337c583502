/** The functions on LocalStack, and their processes: what the faults are injected into. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  DeleteFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  PutFunctionConcurrencyCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { findDeployment } from '../../src/aws/deployment.ts';

/** The name of the function that does a task. */
async function functionOf(client: LambdaClient, task: string): Promise<string> {
  const { Functions = [] } = await client.send(new ListFunctionsCommand({}));
  const found = Functions.find(({ Environment }) => Environment?.Variables?.TASK === task);
  if (!found?.FunctionName) throw new Error(`no function does ${task}`);
  return found.FunctionName;
}

export async function callFunction(task: string, event: unknown): Promise<unknown> {
  const client = new LambdaClient();
  const FunctionName = await functionOf(client, task);
  const { Payload, FunctionError } = await client.send(
    new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)) }),
  );
  const answer = JSON.parse(Buffer.from(Payload!).toString());
  if (FunctionError) throw new Error(JSON.stringify(answer));
  return answer;
}

/** Sends the bytes of a picture to the URL of the deployed student. */
export async function requestStudent(path: string, picture: Uint8Array) {
  const { studentUrl } = await findDeployment();
  const { host } = new URL(studentUrl!);
  const headers = { host, 'content-type': 'image/png' };
  // The name of the host need not resolve on this machine: LocalStack reads it from the header.
  const url = new URL(path, process.env.AWS_ENDPOINT_URL);
  const sent = request(url, { method: 'POST', headers }).end(picture);
  const [response]: IncomingMessage[] = await once(sent, 'response');
  return { status: response!.statusCode, body: await text(response!) };
}

export async function setTimeoutSeconds(task: string, seconds: number): Promise<void> {
  const client = new LambdaClient();
  const FunctionName = await functionOf(client, task);
  await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: seconds }));
  await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 60 }, { FunctionName });
}

/** @param concurrency how many calls may run at once; undefined: as many as there are. */
export async function setConcurrency(task: string, concurrency: number | undefined): Promise<void> {
  const client = new LambdaClient();
  const FunctionName = await functionOf(client, task);
  if (concurrency === undefined) {
    await client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
    return;
  }
  const ReservedConcurrentExecutions = concurrency;
  const command = new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions });
  await client.send(command);
}

/** @returns puts the variables back as they were. */
export async function setVariable(
  task: string,
  name: string,
  value: string,
): Promise<() => Promise<void>> {
  const client = new LambdaClient();
  const FunctionName = await functionOf(client, task);
  const { Environment } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const before = Environment?.Variables ?? {};
  const set = async (Variables: Record<string, string>) => {
    const Environment = { Variables };
    await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment }));
    await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 60 }, { FunctionName });
  };
  await set({ ...before, [name]: value });
  return () => set(before);
}

/** Finds the processes of a task's function, by their environment. */
export function processesOf(task: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const variables = environmentOf(pid);
      return variables.includes(`TASK=${task}`) && variables.some(isOurEndpoint);
    });
}

/** Another LocalStack may run on the machine. In Docker, ours has its default port. */
function isOurEndpoint(variable: string): boolean {
  const [, port] = /^AWS_ENDPOINT_URL=.*:(\d+)$/.exec(variable) ?? [];
  return port === '4566' || port === new URL(process.env.AWS_ENDPOINT_URL!).port;
}

function environmentOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/environ`, 'utf8');
    return text.includes('AWS_LAMBDA_RUNTIME_API=') ? text.split('\0') : [];
  } catch {
    return []; // It has ended, or is not ours.
  }
}

/** Stops the processes where they are, so that what they are given is never done. */
export function freeze(task: string): number[] {
  const processes = processesOf(task);
  for (const pid of processes) process.kill(pid, 'SIGSTOP');
  return processes;
}

export function kill(processes: readonly number[]): void {
  for (const pid of processes) process.kill(pid, 'SIGKILL');
}
