/** LocalStack, an emulator of AWS, that runs at a known address. */
import { CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { UserError } from '../errors.ts';
import { bootstrapStackName, openCloudFormation } from './deployment.ts';

const answerTimeoutMs = 5_000;
const bootstrapTimeoutSeconds = 120;

/** Returns the variables by which AWS's clients and tools find LocalStack. */
export function clientEnv(endpoint: string) {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
}

/** Returns whether a LocalStack answers at an address. */
export async function isHealthy(endpoint: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(answerTimeoutMs);
    return (await fetch(`${endpoint}/_localstack/health`, { signal })).ok;
  } catch {
    return false;
  }
}

/**
 * Leads this process and its children to a LocalStack instead of AWS. Credentials for AWS are not
 * sent there.
 *
 * @param endpoint Address, such as `http://127.0.0.1:4566`.
 * @throws UserError if no LocalStack answers there.
 */
export async function useLocalStack(endpoint: string): Promise<void> {
  if (!(await isHealthy(endpoint))) {
    throw new UserError(
      `no LocalStack answers at ${endpoint}`,
      'Start it, for instance with "npm run localstack" in a checkout, or correct --endpoint.',
    );
  }
  Object.assign(process.env, clientEnv(endpoint));
  delete process.env.AWS_PROFILE;
  delete process.env.AWS_SESSION_TOKEN;
}

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

/** Creates in LocalStack what the CDK needs of its bootstrap. */
export async function bootstrapLocalStack(): Promise<void> {
  const client = openCloudFormation();
  const StackName = bootstrapStackName;
  await client.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify(toolkit) }));
  await waitUntilStackCreateComplete(
    { client, maxWaitTime: bootstrapTimeoutSeconds, minDelay: 1, maxDelay: 1 },
    { StackName },
  );
}
