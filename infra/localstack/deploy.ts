import path from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { run } from '#setup/run.mjs';
import { packageRoot } from '../../src/package-root.ts';
import type { LocalStack } from './server.ts';

const bootstrapTimeoutSeconds = 120;

/**
 * Resources of `cdk bootstrap` that files need. LocalStack does not check roles, and does not use
 * an image repository. Another call of the CDK's command line would cost 7 s of processor time.
 */
const toolkit = {
  Resources: {
    Assets: {
      Type: 'AWS::S3::Bucket',
      Properties: { BucketName: 'cdk-hnb659fds-assets-000000000000-us-east-1' },
    },
    Version: {
      Type: 'AWS::SSM::Parameter',
      Properties: { Name: '/cdk-bootstrap/hnb659fds/version', Type: 'String', Value: '30' },
    },
  },
};

/**
 * Deploys the stack `Counterweight` in a new LocalStack.
 *
 * @param args More arguments for `cdk deploy`, such as `-c budget=5`.
 * @throws SetupError with the last lines of the CDK.
 */
export async function deploy(
  localstack: LocalStack,
  { args = [] }: { args?: readonly string[] } = {},
): Promise<void> {
  await bootstrap(localstack);
  const { AWS_PROFILE: _, AWS_SESSION_TOKEN: __, ...env } = process.env;
  await run(
    path.join(packageRoot, 'node_modules', '.bin', 'cdklocal'),
    [
      ...['deploy', 'Counterweight', '--context', 'local=true', ...args],
      ...['--output', path.join(path.dirname(localstack.log), 'cdk.out')],
      ...['--require-approval', 'never', '--method', 'direct', '--progress', 'events'],
      ...['--no-notices', '--no-version-reporting'],
    ],
    {
      cwd: packageRoot,
      env: {
        ...env,
        ...localstack.env,
        CDK_DISABLE_VERSION_CHECK: '1',
        CDK_DISABLE_CLI_TELEMETRY: '1',
      },
    },
  );
}

async function bootstrap({ endpoint, env }: LocalStack): Promise<void> {
  const client = new CloudFormationClient({
    endpoint,
    region: env.AWS_REGION,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
  });
  const StackName = 'CDKToolkit';
  await client.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify(toolkit) }));
  await waitUntilStackCreateComplete(
    { client, maxWaitTime: bootstrapTimeoutSeconds, minDelay: 1, maxDelay: 1 },
    { StackName },
  );
}
