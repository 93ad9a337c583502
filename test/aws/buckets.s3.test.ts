import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { DeleteBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { findBuckets } from '../../src/aws/buckets.ts';
import { useLocalS3 } from '../support/s3/local-s3.ts';

const { missing, admin, makeBucket } = await useLocalS3();

/** Stacks of CloudFormation, with their buckets; by ID. */
const stacks = new Map<string, { name: string; status: string; buckets: string[] }>();

const server = createServer(async (request, response) => {
  const query = new URLSearchParams(await text(request));
  const action = query.get('Action')!;
  const answer = answers[action]!(query.get('StackName') ?? '');
  response.writeHead(answer === undefined ? 400 : 200, { 'content-type': 'text/xml' });
  response.end(
    answer === undefined
      ? '<ErrorResponse><Error><Code>ValidationError</Code></Error></ErrorResponse>'
      : `<${action}Response><${action}Result>${answer}</${action}Result></${action}Response>`,
  );
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
// listen() on a port gives an AddressInfo, never a pipe's name.
const { port } = server.address() as AddressInfo;
vi.stubEnv('AWS_ENDPOINT_URL_CLOUDFORMATION', `http://127.0.0.1:${port}`);
afterAll(() => server.close());

const answers: Record<string, (stack: string) => string | undefined> = {
  DescribeStacks(stack) {
    const live = [...stacks].find(([, { name, status }]) => name === stack && isLive(status));
    return live && `<Stacks>${describeStack(...live)}</Stacks>`;
  },
  ListStacks() {
    const deleted = [...stacks].filter(([, { status }]) => !isLive(status));
    return `<StackSummaries>${deleted.map((stack) => describeStack(...stack)).join('')}</StackSummaries>`;
  },
  ListStackResources(stack) {
    const resources = stacks
      .get(stack)!
      .buckets.map((bucket) => resource('AWS::S3::Bucket', bucket));
    const queue = resource('AWS::SQS::Queue', 'queue');
    return `<StackResourceSummaries>${queue}${resources.join('')}</StackResourceSummaries>`;
  },
};

function isLive(status: string): boolean {
  return status !== 'DELETE_COMPLETE';
}

function describeStack(id: string, { name, status }: { name: string; status: string }): string {
  return `<member><StackId>${id}</StackId><StackName>${name}</StackName>
    <StackStatus>${status}</StackStatus></member>`;
}

function resource(type: string, name: string): string {
  return `<member><ResourceType>${type}</ResourceType>
    <PhysicalResourceId>${name}</PhysicalResourceId></member>`;
}

describe.skipIf(missing)('findBuckets', () => {
  beforeEach(() => stacks.clear());

  test('finds those of the deployment alone, when there is one', async () => {
    const [old, present] = [await makeBucket(), await makeBucket()];
    stacks.set('id-1', { name: 'Counterweight', status: 'DELETE_COMPLETE', buckets: [old] });
    stacks.set('id-2', { name: 'Counterweight', status: 'CREATE_COMPLETE', buckets: [present] });
    expect(await findBuckets()).toEqual([present]);
  });

  test('finds what deployments left that are gone, and is still there', async () => {
    const [first, second, deleted, other] = await Promise.all([
      ...[makeBucket(), makeBucket(), makeBucket(), makeBucket()],
    ]);
    await admin.send(new DeleteBucketCommand({ Bucket: deleted! }));
    const gone = { name: 'Counterweight', status: 'DELETE_COMPLETE' };
    stacks.set('id-1', { ...gone, buckets: [first!, deleted!] });
    stacks.set('id-2', { ...gone, buckets: [second!] });
    stacks.set('id-3', { ...gone, name: 'Other', buckets: [other!] });
    expect(await findBuckets()).toEqual([first, second]);
  });

  test('finds nothing where nothing was', async () => {
    expect(await findBuckets()).toEqual([]);
  });
});
