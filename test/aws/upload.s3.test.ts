import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { upload } from '../../src/aws/upload.ts';
import { InterruptedError } from '../../src/errors.ts';
import type { Progress } from '../../src/run/context.ts';
import { refusalOf } from '../support/refusal.ts';
import { useLocalS3 } from '../support/s3/local-s3.ts';

const { missing, proxy, admin, makeBucket } = await useLocalS3();

const config = `task: { type: vector-classification, classes: [cat, dog], length: 2 }
data: { format: csv }
teacher: { onnx: teacher/model.onnx }
student: { architecture: mlp }
`;

/** Replaces the ETags of a listing, as those of objects that a KMS key encrypts. */
function withoutDigests(answer: unknown): unknown {
  const { Contents = [], ...rest } = z
    .looseObject({ Contents: z.array(z.looseObject({})).optional() })
    .parse(answer);
  return { ...rest, Contents: Contents.map((object) => ({ ...object, ETag: '"opaque"' })) };
}

describe.skipIf(missing)('upload', () => {
  const mebibyte = 1024 ** 2;
  const patience = { timeout: 60_000, interval: 5 };
  const slowDown = { answer: 503, code: 'SlowDown' };
  let folder: string;
  let bucket: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'counterweight-upload-'));
    bucket = await makeBucket();
    proxy.faults.length = 0;
    put('distill.yaml', config);
    put('labeled/a.csv', 'id\n1\n');
    put('unlabeled/monday/a.csv', 'id\n2\n');
    put('unlabeled/monday/_SUCCESS', '');
    forget();
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  function put(key: string, body: string | Uint8Array): void {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), body);
  }

  function run(options: Partial<Parameters<typeof upload>[0]> = {}) {
    const signal = new AbortController().signal;
    return upload({ folder, bucket, name: 'digits', signal, ...options });
  }

  function forget(): void {
    proxy.requests.length = 0;
  }

  /** Keys written so far, in order, without the parts of large files. */
  function written(): string[] {
    return proxy.requests
      .filter((request) => /^(PUT|POST)/.test(request) && !/[?&](uploads|partNumber)/.test(request))
      .map((request) => request.split('/digits/')[1]!.replace(/\?.*/, ''));
  }

  async function bodyOf(key: string): Promise<string> {
    const found = await admin.send(new GetObjectCommand({ Bucket: bucket, Key: `digits/${key}` }));
    return found.Body!.transformToString();
  }

  test('sends every file, and the marker after all others', async () => {
    const odd = ['labeled/a b+c%2F&?=#.csv', 'labeled/ü😀.csv', `labeled/${'x'.repeat(200)}.csv`];
    for (const key of odd) put(key, key);
    put('unlabeled/monday/.DS_Store', 'hidden');
    put('validation/a.csv', 'id\n3\n');
    const { location, sent, present, markers } = await run();
    expect({ location, sent, present }).toEqual({
      location: `s3://${bucket}/digits`,
      sent: 8,
      present: 0,
    });
    expect(written()).toHaveLength(8);
    expect(written().at(-1)).toBe('unlabeled/monday/_SUCCESS');
    for (const key of odd) expect(await bodyOf(key)).toBe(key);
    const Key = 'digits/unlabeled/monday/_SUCCESS';
    const { VersionId } = await admin.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    expect(markers).toEqual([{ key: Key, version: VersionId }]);
  });

  test('sends nothing a second time, large files included', async () => {
    put('labeled/large.csv', new Uint8Array(17 * mebibyte).fill(7));
    put('labeled/exact.csv', new Uint8Array(8 * mebibyte).fill(7));
    put('labeled/empty.csv', '');
    await run();
    expect(proxy.requests.filter((request) => /partNumber/.test(request))).toHaveLength(3);
    forget();
    const again = await run();
    expect(again).toMatchObject({ sent: 0, present: 7, sentBytes: 0, markers: [], others: 0 });
    expect(proxy.requests.every((request) => request.startsWith('GET'))).toBe(true);
  });

  test('files carry a SHA-256, in parts or not', async () => {
    put('labeled/large.csv', new Uint8Array(9 * mebibyte));
    await run();
    for (const key of ['labeled/a.csv', 'labeled/large.csv']) {
      const ask = { Bucket: bucket, Key: `digits/${key}`, ChecksumMode: 'ENABLED' } as const;
      expect(await admin.send(new HeadObjectCommand(ask))).toHaveProperty('ChecksumSHA256');
    }
  });

  test('sends nothing a second time to a bucket with a KMS key, although ETags differ', async () => {
    const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const } };
    const ServerSideEncryptionConfiguration = { Rules: [rule] };
    await admin.send(
      new PutBucketEncryptionCommand({ Bucket: bucket, ServerSideEncryptionConfiguration }),
    );
    await run();
    // The server computes digests nevertheless.
    const { send } = S3Client.prototype;
    vi.spyOn(S3Client.prototype, 'send').mockImplementation(async function (
      this: S3Client,
      ...call: [command: unknown]
    ) {
      const answer: unknown = await Reflect.apply(send, this, call);
      return call[0] instanceof ListObjectsV2Command ? withoutDigests(answer) : answer;
    });
    expect(await run()).toMatchObject({ sent: 0, present: 4 });
    put('labeled/a.csv', 'id\n9\n');
    expect(await run()).toMatchObject({ sent: 1, present: 3 });
  });

  test('sends what changed, and puts the marker of its batch alone again', async () => {
    put('unlabeled/tuesday/a.csv', 'id\n3\n');
    put('unlabeled/tuesday/_SUCCESS', '');
    put('unlabeled/wednesday/a.csv', 'id\n4\n');
    expect((await run()).markers.map(({ key }) => key).sort()).toEqual([
      'digits/unlabeled/monday/_SUCCESS',
      'digits/unlabeled/tuesday/_SUCCESS',
    ]);
    forget();
    put('unlabeled/tuesday/a.csv', 'id\n5\n');
    put('unlabeled/wednesday/b.csv', 'id\n6\n');
    put('labeled/b.csv', 'id\n7\n');
    const { openBatches } = await run();
    expect(openBatches).toEqual(['wednesday']);
    expect(written().slice(0, 3).sort()).toEqual([
      'labeled/b.csv',
      'unlabeled/tuesday/a.csv',
      'unlabeled/wednesday/b.csv',
    ]);
    expect(written().slice(3)).toEqual(['unlabeled/tuesday/_SUCCESS']);
  });

  test('counts what only the bucket has, and leaves it', async () => {
    for (let i = 0; i < 25; i++) put(`labeled/${i}.csv`, `${i}`);
    await run();
    for (let i = 5; i < 25; i++) rmSync(join(folder, `labeled/${i}.csv`));
    forget();
    expect(await run()).toMatchObject({ sent: 0, others: 20 });
    expect(written()).toEqual([]);
  });

  test('a stopped upload resumes, and its marker is still the last', async () => {
    for (let i = 0; i < 40; i++) put(`unlabeled/monday/${i}.csv`, `${i}`);
    const controller = new AbortController();
    const stopped = run({ signal: controller.signal, onProgress: () => controller.abort() });
    await expect(stopped).rejects.toThrow(InterruptedError);
    const before = new Set(written());
    expect(before.size).toBeLessThan(43);
    expect(before).not.toContain('unlabeled/monday/_SUCCESS');
    forget();
    const { sent, present } = await run();
    expect(sent + present).toBe(44);
    // The first progress is that of a stored file. Requests that were sent then may have been cut.
    expect(present).toBeGreaterThan(0);
    expect(present).toBeLessThanOrEqual(before.size);
    expect(written()).toHaveLength(sent);
    expect(written().at(-1)).toBe('unlabeled/monday/_SUCCESS');
  });

  test('an upload that was stopped just before its marker puts that alone', async () => {
    await run();
    const Key = 'digits/unlabeled/monday/_SUCCESS';
    await admin.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    forget();
    expect((await run()).markers).toHaveLength(1);
    expect(written()).toEqual(['unlabeled/monday/_SUCCESS']);
  });

  test('so does one whose batch had an older marker', async () => {
    await run();
    // S3 returns times in whole seconds.
    const second = () => Math.floor(Date.now() / 1000);
    const then = second();
    await vi.waitUntil(() => second() > then, patience);
    put('unlabeled/monday/b.csv', 'id\n9\n');
    const Key = 'digits/unlabeled/monday/b.csv';
    await admin.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'id\n9\n' }));
    forget();
    expect((await run()).markers).toHaveLength(1);
    expect(written()).toEqual(['unlabeled/monday/_SUCCESS']);
    forget();
    expect((await run()).markers).toEqual([]);
  });

  test('a stopped multipart upload leaves nothing behind', async () => {
    put('labeled/large.csv', new Uint8Array(40 * mebibyte));
    const controller = new AbortController();
    const onProgress = () => {
      if (proxy.requests.some((request) => /partNumber/.test(request))) controller.abort();
    };
    await expect(run({ signal: controller.signal, onProgress })).rejects.toThrow(InterruptedError);
    await vi.waitUntil(async () => {
      const list = new ListMultipartUploadsCommand({ Bucket: bucket });
      return (await admin.send(list)).Uploads === undefined;
    }, patience);
  });

  test('throttling in the middle ends nothing, and the marker is still the last', async () => {
    for (let i = 0; i < 20; i++) put(`unlabeled/monday/${i}.csv`, `${i}`);
    proxy.faults.push(slowDown, 'none', 'none', slowDown, slowDown, 'lost', 'none', slowDown);
    expect(await run()).toMatchObject({ sent: 24 });
    expect(written().at(-1)).toBe('unlabeled/monday/_SUCCESS');
    forget();
    expect(await run()).toMatchObject({ sent: 0, present: 24 });
  });

  test('what the SDK gives up is tried again', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const unknownServerError = { answer: 520, code: 'WhoKnows' };
    proxy.faults.push('none', ...Array.from({ length: 9 }, () => unknownServerError));
    expect(await run()).toMatchObject({ sent: 4 });
  });

  test('a file that is changed while it is sent is named', async () => {
    // The second attempt comes after a second.
    vi.spyOn(Math, 'random').mockReturnValue(1);
    rmSync(join(folder, 'labeled'), { recursive: true });
    rmSync(join(folder, 'unlabeled'), { recursive: true });
    proxy.faults.push('none', { answer: 520, code: 'WhoKnows' });
    const sending = run();
    sending.catch(() => {});
    await vi.waitUntil(() => proxy.requests.length === 2, patience);
    utimesSync(join(folder, 'distill.yaml'), 1, 1);
    await expect(sending).rejects.toThrow(/distill.yaml was changed or removed while it was/);
  });

  test('an error of S3 ends it, and names the missing permission', async () => {
    proxy.faults.push('none', { answer: 403, code: 'AccessDenied' });
    const error = await refusalOf(run());
    expect(error.hint).toMatch(/s3:PutObject/);
    expect(written()).not.toContain('unlabeled/monday/_SUCCESS');
  });

  test.each([
    ['a broken config', () => put('distill.yaml', 'task: 3\n'), /distill.yaml has /],
    ['no config', () => rmSync(join(folder, 'distill.yaml')), /there is no distill.yaml in /],
    [
      'a key that is too long',
      () => put(['labeled', ...Array.from({ length: 5 }, () => 'x'.repeat(220))].join('/'), ''),
      /S3 accepts at most 1024/,
    ],
  ])('%s is refused before anything is sent', async (_, spoil, message) => {
    spoil();
    await expect(run()).rejects.toThrow(message);
    expect(proxy.requests).toEqual([]);
  });

  test('a bucket as the source is refused', async () => {
    await expect(run({ folder: 's3://somewhere/digits' })).rejects.toThrow(/is not a folder/);
  });

  test('progress ends with all files and all bytes', async () => {
    put('labeled/large.csv', new Uint8Array(20 * mebibyte));
    const told: Progress[] = [];
    await run({ onProgress: (progress) => told.push(progress) });
    const last = told.at(-1)!;
    expect(last).toMatchObject({ stage: 'Upload', unit: 'MiB, 5 of 5 files' });
    expect(last.done).toBe(last.total);
    expect(Math.max(...told.map(({ done }) => done!))).toBe(last.done);
  });
});
