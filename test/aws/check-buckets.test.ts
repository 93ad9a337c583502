import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test, vi } from 'vitest';
import { checkBuckets } from '../../src/aws/check-buckets.ts';

/** Answer of S3 to a request about a bucket: status and body. */
type Answer = readonly [status: number, body?: string];

const s3 = {
  head: [200] as Answer,
  versioning: [
    200,
    '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  ] as Answer,
  notification: [
    200,
    '<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>',
  ] as Answer,
  policy: [200, '{}'] as Answer,
};
const good = { ...s3 };
const denied = [403, '<Error><Code>AccessDenied</Code></Error>'] as const;

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url!, 'http://s3');
  const asked = request.method === 'HEAD' ? 'head' : [...searchParams.keys()][0];
  const [status, body] = s3[asked as keyof typeof s3];
  response.writeHead(status, { 'x-amz-bucket-region': 'eu-west-1' }).end(body);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
// listen() on a port gives an AddressInfo, never a pipe's name.
const { port } = server.address() as AddressInfo;
vi.stubEnv('AWS_ENDPOINT_URL_S3', `http://127.0.0.1:${port}`);
vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
vi.stubEnv('AWS_REGION', 'eu-west-1');
afterAll(() => {
  server.close();
  vi.unstubAllEnvs();
});

function check(changes: Partial<typeof s3> = {}, region = 'eu-west-1'): Promise<string[]> {
  Object.assign(s3, good, changes);
  return checkBuckets({ data: 'my-data', results: 'my-results' }, region);
}

test('accepts buckets with versions and events', async () => {
  expect(await check()).toEqual([]);
  expect(await checkBuckets({ data: undefined, results: undefined }, 'eu-west-1')).toEqual([]);
});

test('notes a bucket without a policy', async () => {
  const none = [404, '<Error><Code>NoSuchBucketPolicy</Code></Error>'] as const;
  expect(await check({ policy: none })).toEqual([
    'The bucket my-data has no policy, and therefore accepts requests without TLS.',
    'The bucket my-results has no policy, and therefore accepts requests without TLS.',
  ]);
});

test('notes what it may not read', async () => {
  const notes = await check({ versioning: denied, notification: denied, policy: denied });
  expect(notes).toEqual([
    'It could not be read whether the bucket my-data keeps versions, as it must.',
    'It could not be read whether the bucket my-results keeps versions, as it must.',
    'It could not be read whether the bucket my-data sends its events to EventBridge, as it must.',
  ]);
});

test.each([
  [{ head: [404] }, 'the bucket my-data does not exist', 'Correct its name'],
  [{ head: [403] }, 'the bucket my-data may not be used', 'Correct its name'],
  [
    { versioning: [200, '<VersioningConfiguration/>'] },
    'the bucket my-data does not keep versions',
    'aws s3api put-bucket-versioning --bucket my-data --versioning-configuration Status=Enabled',
  ],
  [
    { notification: [200, '<NotificationConfiguration/>'] },
    'the bucket my-data does not send its events to EventBridge',
    'Amazon EventBridge',
  ],
] satisfies [Partial<typeof s3>, string, string][])(
  'refuses %j',
  async (changes, message, hint) => {
    await expect(check(changes)).rejects.toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
  },
);

test('refuses a bucket of another region', async () => {
  await expect(check({}, 'us-east-1')).rejects.toThrow(
    'the bucket my-data is in eu-west-1, and the deployment would be in us-east-1',
  );
});
