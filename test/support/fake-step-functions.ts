import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, vi } from 'vitest';
import { z } from 'zod';

interface FakeExecution {
  readonly input: unknown;
  status: string;
  /** Why it did not succeed. */
  readonly error?: string;
  readonly cause?: string;
  readonly redriveCount?: number;
}

/** As much of Step Functions as starting and looking needs, on the loopback interface. */
export interface FakeStepFunctions {
  /** By ARN. */
  readonly executions: Map<string, FakeExecution>;
  /** The operation of every request so far. */
  readonly requests: string[];
  /** Codes of errors that the next requests are answered with, in order, before any is done. */
  readonly failures: string[];
}

const started = z.object({ stateMachineArn: z.string(), name: z.string(), input: z.string() });
const described = z.object({ executionArn: z.string() });

/** Starts it for the tests of a file; clients of this process find it. */
export async function startFakeStepFunctions(): Promise<FakeStepFunctions> {
  const fake: FakeStepFunctions = { executions: new Map(), requests: [], failures: [] };
  const server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1]!;
    fake.requests.push(operation);
    const body: unknown = await json(request);
    const failure = fake.failures.shift();
    const answer = failure ? { __type: failure } : answers[operation]!(body, fake.executions);
    response.writeHead('__type' in answer ? 400 : 200, {
      'content-type': 'application/x-amz-json-1.0',
    });
    response.end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // listen() on a port gives an AddressInfo, never a pipe's name.
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('AWS_ENDPOINT_URL_SFN', `http://127.0.0.1:${port}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_REGION', 'us-east-1');
  afterAll(() => {
    vi.unstubAllEnvs();
    server.close();
    server.closeAllConnections();
  });
  return fake;
}

type Answer = (body: unknown, executions: FakeStepFunctions['executions']) => object;

const answers: Record<string, Answer> = {
  StartExecution(body, executions) {
    const { stateMachineArn, name, input } = started.parse(body);
    const executionArn = `${stateMachineArn.replace('stateMachine', 'execution')}:${name}`;
    // The same name with the same input is the same call again, as long as the execution runs.
    const present = executions.get(executionArn);
    const isSame = present?.status === 'RUNNING' && present.input === input;
    if (present && !isSame) return { __type: 'ExecutionAlreadyExists' };
    executions.set(executionArn, { input, status: 'RUNNING' });
    return { executionArn, startDate: 1 };
  },

  DescribeExecution(body, executions) {
    const { executionArn } = described.parse(body);
    const { status, ...rest } = executions.get(executionArn) ?? {};
    if (status === undefined) return { __type: 'ExecutionDoesNotExist' };
    const stop = status !== 'RUNNING' && { stopDate: 2 };
    return { executionArn, status, startDate: 1, ...stop, ...rest };
  },
};
