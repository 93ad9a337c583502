/**
 * Starts and plans a run over images that exist in a listing only, in shards of 2 MiB:
 * node plan.js FOLDER IMAGES BYTES HOW
 *
 * BYTES: the size of an image. HOW: "sdk" passes results of the AWS SDK to the store at once;
 * "http" lets the SDK request them from a server on this machine, which has the next page at once.
 * FOLDER is empty. Prints the seconds of Start and Plan, and the maximum of resident memory.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { planRun } from '../../src/stages/plan.ts';
import { startRun } from '../../src/stages/start.ts';
import { writeImageDataset } from './image-dataset.ts';
import { type SimulatedBucket, simulateBucket } from './simulated-bucket.ts';
import { stopwatch } from './stopwatch.ts';

/** Results of S3Client.send for the commands of planning. */
async function answer(bucket: SimulatedBucket, command: unknown): Promise<unknown> {
  if (command instanceof ListObjectVersionsCommand) {
    const { Prefix = '', KeyMarker } = command.input;
    const { objects, isTruncated } = bucket.page(Prefix, KeyMarker);
    const LastModified = new Date(0);
    const Versions = objects.map(({ key, version, bytes }) => ({
      ...{ Key: key, VersionId: version, ETag: `"${version}"`, Size: bytes },
      ...{ IsLatest: true, LastModified },
    }));
    return { Versions, IsTruncated: isTruncated, NextKeyMarker: objects.at(-1)?.key };
  }
  if (!(command instanceof GetObjectCommand || command instanceof HeadObjectCommand)) {
    throw new TypeError('a command that planning does not send');
  }
  const object = bucket.read(command.input.Key!);
  if (!object) throw Object.assign(new Error(), { $metadata: { httpStatusCode: 404 } });
  const { version, bytes, content } = object;
  const Body = Readable.from([content]);
  return { VersionId: version, ETag: `"${version}"`, ContentLength: bytes, Body };
}

const [folder = '', images = '', bytes = '', how = ''] = process.argv.slice(2);
const dataset = join(folder, 'dataset');
const results = join(folder, `results-${images}-${how}`);
await writeImageDataset(dataset, 0);
await mkdir(results, { recursive: true });
Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: 'nobody',
  AWS_SECRET_ACCESS_KEY: 'nobody',
  AWS_REGION: 'us-east-1',
});
const server =
  how === 'http'
    ? fork(join(import.meta.dirname, 'listing-server.js'), [dataset, images, bytes])
    : undefined;
if (server) {
  const [port] = await once(server, 'message');
  process.env.AWS_ENDPOINT_URL_S3 = `http://127.0.0.1:${port}`;
} else {
  const bucket = simulateBucket(dataset, Number(images), Number(bytes));
  Object.assign(S3Client.prototype, { send: (command: unknown) => answer(bucket, command) });
}

const lap = stopwatch();
const started = await startRun('s3://bucket/', results);
const event = { ...started, execution: started.run };
await planRun(event, { signal: new AbortController().signal, report: () => {} });
const seconds = lap();
server?.disconnect();
console.log(JSON.stringify({ seconds, mostMb: process.resourceUsage().maxRSS / 1e3 }));
