import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { TransientError } from '../../src/errors.ts';
import { readBytes, writeOnce } from '../../src/store/once.ts';
import { S3Store } from '../../src/store/s3.ts';
import { refusalOf } from '../support/refusal.ts';
import { useLocalS3 } from '../support/s3/local-s3.ts';
import { s3PageKeys } from '../support/s3/s3-server.ts';
import { listAll, storeContract } from './contract.ts';

const { missing, endpoint, proxy, admin } = await useLocalS3();
// Only the tests of faults go through the proxy.
vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoint);
// The SDK's own number, so that a test need not fail eight times.
vi.stubEnv('AWS_MAX_ATTEMPTS', '3');

describe.skipIf(missing)('S3Store', async () => {
  if (!missing) await makeBuckets();

  storeContract(
    'an S3 prefix with versions',
    async () => new S3Store(`s3://versioned/${id()}/b c`),
  );
  storeContract('an S3 prefix without versions', async () => new S3Store(`s3://plain/${id()}`));

  let store: S3Store;
  beforeEach(() => {
    vi.stubEnv('AWS_ENDPOINT_URL_S3', proxy.endpoint);
    store = new S3Store(`s3://versioned/${id()}`);
    vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoint);
    proxy.faults.length = 0;
    proxy.requests.length = 0;
  });

  test('in a bucket with versions an old one stays readable, and is not listed', async () => {
    const first = await writeOnce(store, 'a', Buffer.from('first'));
    const second = await store.write('a', Buffer.from('second'));
    const old = await readBytes(store, 'a', { version: first.version });
    expect(Buffer.from(old).toString()).toBe('first');
    expect(await listAll(store, '')).toEqual([second]);
  });

  test('listing continues after a page, and omits the marks of folders', async () => {
    const names = Array.from({ length: 2 * s3PageKeys + 3 }, (_, i) => `n/${100 + i}`);
    for (const name of names) await store.write(name, Buffer.from(name));
    const Key = `${store.location.slice('s3://versioned/'.length)}/n/`;
    await admin.send(new PutObjectCommand({ Bucket: 'versioned', Key, Body: Buffer.from('') }));
    proxy.requests.length = 0;
    expect((await listAll(store, 'n/')).map(({ key }) => key)).toEqual(names);
    expect(proxy.requests).toHaveLength(3);
  });

  describe('when the network or S3 fails', () => {
    const slowDown = { answer: 503, code: 'SlowDown' };
    const conflict = { answer: 409, code: 'ConditionalRequestConflict' };

    test.each([
      ['ifAbsent', 'none'],
      ['ifMatch', 'first'],
    ] as const)('a write with %s is ours although its answer was lost', async (_, present) => {
      const first = present === 'first' ? await writeOnce(store, 'a', Buffer.from('1')) : undefined;
      proxy.faults.push('lost');
      const condition = first ? { ifMatch: first.etag } : { ifAbsent: true as const };
      const written = await store.write('a', Buffer.from('2'), condition);
      expect(written).toBeDefined();
      expect(written).toEqual(await store.head('a'));
    });

    test('a write is not ours when another with the same bytes was faster', async () => {
      const first = await writeOnce(store, 'a', Buffer.from('1'));
      await store.write('a', Buffer.from('2'), { ifMatch: first.etag });
      proxy.faults.push('lost');
      expect(await store.write('a', Buffer.from('2'), { ifMatch: first.etag })).toBeUndefined();
    });

    test('a conflict of two writes is tried again', async () => {
      proxy.faults.push(conflict, conflict);
      expect(await store.write('a', Buffer.from('1'), { ifAbsent: true })).toBeDefined();
    });

    test('throttling and dropped connections end as TransientError', async () => {
      proxy.faults.push(slowDown, slowDown, slowDown);
      await expect(store.read('a')).rejects.toThrow(TransientError);
      proxy.faults.push('lost', 'lost', 'lost');
      await expect(store.head('a')).rejects.toThrow(TransientError);
      proxy.faults.push(slowDown, slowDown, slowDown);
      await expect(listAll(store, '')).rejects.toThrow(TransientError);
    });

    test('a cut read resumes at its offset, at the same version', async () => {
      const body = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
      await store.write('a', body);
      proxy.faults.push({ cutAfterBytes: 100_000 }, { cutAfterBytes: 50_000 }, 'lost');
      const stream = await store.read('a', { range: { start: 10, end: 290_000 } });
      await store.write('a', new Uint8Array(300_000).fill(255));
      const chunks: Buffer[] = await stream.toArray();
      expect(Buffer.compare(Buffer.concat(chunks), body.subarray(10, 290_000))).toBe(0);
    });

    test('a read that is cut again and again ends as TransientError', async () => {
      await store.write('a', new Uint8Array(1_000));
      proxy.faults.push(...Array.from({ length: 4 }, () => ({ cutAfterBytes: 0 })));
      await expect(readBytes(store, 'a')).rejects.toThrow(TransientError);
    });

    test('an abandoned read is not repeated', async () => {
      await store.write('a', new Uint8Array(1_000_000));
      proxy.requests.length = 0;
      const stream = await store.read('a');
      for await (const _ of stream) break;
      (await store.read('a')).destroy();
      await store.head('a');
      expect(proxy.requests.map((request) => request.split(' ')[0])).toEqual([
        'GET',
        'GET',
        'HEAD',
      ]);
    });

    test.each([1_000, 1_000_000])('damage is noticed in %i bytes', async (size) => {
      await store.write('a', new Uint8Array(size));
      proxy.faults.push('damaged');
      await expect(readBytes(store, 'a')).rejects.toThrow(TransientError);
    });

    test.each([
      [{ answer: 403, code: 'AccessDenied' }, /s3:GetObject.*"versioned"/],
      [{ answer: 404, code: 'NoSuchBucket' }, /aws s3 ls/],
      [{ answer: 400, code: 'ExpiredToken' }, /aws sso login/],
      [{ answer: 403, code: 'InvalidObjectState' }, /restore-object/],
    ])('%j has a hint', async (fault, hint) => {
      proxy.faults.push(fault);
      const error = await refusalOf(store.read('a'));
      expect(error.hint).toMatch(hint);
    });
  });

  test('a bucket that does not exist is named', async () => {
    const nowhere = new S3Store('s3://no-such-bucket');
    await expect(nowhere.read('a')).rejects.toThrow(/no bucket "no-such-bucket"/);
    await expect(nowhere.write('a', Buffer.from(''))).rejects.toThrow(/no bucket/);
    await expect(listAll(nowhere, '')).rejects.toThrow(/no bucket/);
  });
});

async function makeBuckets(): Promise<void> {
  await admin.send(new CreateBucketCommand({ Bucket: 'plain' }));
  await admin.send(new CreateBucketCommand({ Bucket: 'versioned' }));
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await admin.send(
    new PutBucketVersioningCommand({ Bucket: 'versioned', VersioningConfiguration }),
  );
}

function id(): string {
  return randomUUID();
}
