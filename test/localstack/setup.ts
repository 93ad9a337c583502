import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { deploy } from '../../infra/localstack/deploy.ts';
import { availability, startLocalStack } from '../../infra/localstack/localstack.ts';
import type { LocalStack } from '../../infra/localstack/server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A URL that answers when the workflow is deployed; undefined without LocalStack. */
    deployment: string | undefined;
  }
}

/**
 * Starts LocalStack for all test files and deploys the workflow to it, while other projects are
 * tested. The URL `deployment` answers with the environment that leads AWS tools to LocalStack.
 */
export default async function setUp(project: TestProject): Promise<(() => Promise<void>) | void> {
  const found = availability();
  if (found.kind === 'none') {
    console.warn(`Skipped: the tests on LocalStack. ${found.reason}`);
    project.provide('deployment', undefined);
    return;
  }
  const deployed = startDeployed();
  const server = createServer((_, response) => {
    deployed.then(
      ({ env }) => response.end(JSON.stringify(env)),
      (error: Error) => response.writeHead(500).end(error.stack),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // listen() on a port gives an AddressInfo, never a pipe's name.
  const { port } = server.address() as AddressInfo;
  project.provide('deployment', `http://127.0.0.1:${port}`);
  return async () => {
    server.close();
    const localstack = await deployed.catch(() => undefined);
    await localstack?.stop();
  };
}

async function startDeployed(): Promise<LocalStack> {
  const localstack = await startLocalStack();
  try {
    // With what is off by default: the sweep, a student's URL, and alarms by e-mail.
    const sweep = ['--sweep-minutes', '1'];
    await deploy(localstack, [...sweep, '--serve', 'digits', '--alarm-email', 'team@example.com']);
  } catch (error) {
    await localstack.stop();
    throw error;
  }
  return localstack;
}
