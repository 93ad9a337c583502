import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { DeleteBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { findBuckets, keptBuckets } from '../../src/aws/buckets.ts';
import { useLocalS3 } from '../support/s3/local-s3.ts';

const { missing, admin, makeBucket } = await useLocalS3();

interface FakeStack {
  name: string;
  status: string;
  /** Created buckets, by the part of their ids in the template. */
  buckets: Record<string, string>;
  /** Names of the buckets in its outputs. */
  outputs?: { DataBucket: string; ResultsBucket: string };
  deletedAt?: string;
}

/** Stacks of CloudFormation, by ID. */
const stacks = new Map<string, FakeStack>();

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
    const found = [...stacks].find(
      ([id, { name, status }]) => id === stack || (name === stack && isLive(status)),
    );
    return found && `<Stacks>${describeStack(...found)}</Stacks>`;
  },
  ListStacks() {
    const deleted = [...stacks].filter(([, { status }]) => !isLive(status));
    return `<StackSummaries>${deleted.map((stack) => describeStack(...stack)).join('')}</StackSummaries>`;
  },
  ListStackResources(stack) {
    const resources = Object.entries(stacks.get(stack)!.buckets).map(([id, bucket]) =>
      resource('AWS::S3::Bucket', `Storage${id}0123ABCD`, bucket),
    );
    const queue = resource('AWS::SQS::Queue', 'TriggerDeadLetters0123ABCD', 'queue');
    return `<StackResourceSummaries>${queue}${resources.join('')}</StackResourceSummaries>`;
  },
};

function isLive(status: string): boolean {
  return status !== 'DELETE_COMPLETE';
}

function describeStack(id: string, { name, status, outputs, deletedAt }: FakeStack): string {
  const members = Object.entries(outputs ?? {}).map(
    ([key, value]) =>
      `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  const deletion = deletedAt === undefined ? '' : `<DeletionTime>${deletedAt}</DeletionTime>`;
  return `<member><StackId>${id}</StackId><StackName>${name}</StackName>
    <StackStatus>${status}</StackStatus>${deletion}<Outputs>${members.join('')}</Outputs></member>`;
}

function resource(type: string, id: string, name: string): string {
  return `<member><ResourceType>${type}</ResourceType><LogicalResourceId>${id}</LogicalResourceId>
    <PhysicalResourceId>${name}</PhysicalResourceId></member>`;
}

const name = 'Counterweight';
const destroyed = { name, status: 'DELETE_COMPLETE' };
const live = { name, status: 'CREATE_COMPLETE' };

/** Makes `count` buckets. */
function makeBuckets(count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, makeBucket));
}

beforeEach(() => stacks.clear());

describe.skipIf(missing)('findBuckets', () => {
  test('finds those of the deployment alone, when there is one', async () => {
    const [old = '', present = ''] = await makeBuckets(2);
    stacks.set('id-1', { ...destroyed, buckets: { Data: old } });
    stacks.set('id-2', { ...live, buckets: { Data: present } });
    expect(await findBuckets()).toEqual({ created: [present], foreign: [] });
  });

  test('finds what deployments left that are gone, and is still there', async () => {
    const [first = '', second = '', deleted = '', other = ''] = await makeBuckets(4);
    await admin.send(new DeleteBucketCommand({ Bucket: deleted }));
    stacks.set('id-1', { ...destroyed, buckets: { Data: first, Results: deleted } });
    stacks.set('id-2', { ...destroyed, buckets: { Results: second } });
    stacks.set('id-3', { ...destroyed, name: 'Other', buckets: { Data: other } });
    stacks.set('id-4', { ...destroyed, name: 'blue-Counterweight', buckets: { Data: other } });
    expect(await findBuckets()).toEqual({ created: [first, second], foreign: [] });
  });

  test('finds those that the deployment has from an earlier one, with their access logs', async () => {
    const [data = '', results = '', logs = '', unused = '', foreign = ''] = await makeBuckets(5);
    const buckets = { Data: data, Results: results, AccessLogs: logs };
    stacks.set('id-1', { ...destroyed, buckets });
    stacks.set('id-2', { ...destroyed, buckets: { Data: unused } });
    const outputs = { DataBucket: foreign, ResultsBucket: results };
    stacks.set('id-3', { ...live, buckets: {}, outputs });
    expect(await findBuckets()).toEqual({ created: [logs, data, results], foreign: [foreign] });
  });

  test('finds nothing where nothing was', async () => {
    expect(await findBuckets()).toEqual({ created: [], foreign: [] });
  });
});

describe.skipIf(missing)('keptBuckets', () => {
  test('are those of the newest destroyed deployment that exist', async () => {
    const [data = '', newer = '', gone = '', results = ''] = await makeBuckets(4);
    await admin.send(new DeleteBucketCommand({ Bucket: gone }));
    stacks.set('id-1', {
      ...destroyed,
      deletedAt: '2026-11-01T00:00:00Z',
      buckets: { Data: data, Results: results },
    });
    stacks.set('id-2', {
      ...destroyed,
      deletedAt: '2026-11-02T00:00:00Z',
      buckets: { Data: newer, Results: gone },
    });
    expect(await keptBuckets()).toEqual({ inUse: undefined, kept: { data: newer, results } });
  });

  test('are also those that a destroyed deployment used without having created them', async () => {
    const [data = '', results = ''] = await makeBuckets(2);
    const outputs = { DataBucket: data, ResultsBucket: results };
    stacks.set('id-1', { ...destroyed, buckets: {}, outputs });
    expect((await keptBuckets()).kept).toEqual({ data, results });
  });

  test('are in the account of the stack: others may have taken the name since', async () => {
    const [data = ''] = await makeBuckets(1);
    stacks.set('arn:aws:cloudformation:us-east-1:123456789012:stack/Counterweight/1', {
      ...destroyed,
      buckets: { Data: data },
    });
    const send = vi.spyOn(S3Client.prototype, 'send');
    expect((await keptBuckets()).kept.data).toBe(data);
    expect(send.mock.calls.map(([{ input }]) => input)).toEqual([
      { Bucket: data, ExpectedBucketOwner: '123456789012' },
    ]);
    send.mockRestore();
  });

  test('are, of a deployment, those that it has not created', async () => {
    const outputs = { DataBucket: 'adopted', ResultsBucket: 'own' };
    stacks.set('id-1', { ...live, buckets: { Results: 'own' }, outputs });
    expect(await keptBuckets()).toEqual({
      inUse: { data: 'adopted', results: 'own' },
      kept: { data: 'adopted', results: undefined },
    });
  });

  test('a deployment that failed when it was created has none', async () => {
    stacks.set('id-1', { name, status: 'ROLLBACK_COMPLETE', buckets: { Data: 'empty' } });
    const none = { data: undefined, results: undefined };
    expect(await keptBuckets()).toEqual({ inUse: undefined, kept: none });
  });
});
