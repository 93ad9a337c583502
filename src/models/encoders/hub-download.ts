import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../../errors.ts';
import { checkKey } from '../../store/key.ts';
import {
  brokenOff,
  fileOf,
  type HubEnvironment,
  type HubFile,
  type HubModel,
  hubOf,
  readHub,
  withoutHub,
} from './hub.ts';

/** Downloads that may break off, per file, before it fails. */
const maxBreaks = 5;

/**
 * Downloads a file of a commit into a folder, unless it is there already. The file exists either
 * whole, with the digest that the hub lists, or not at all. A download that breaks off resumes.
 *
 * @throws UserError if the hub cannot be reached, or the file has another digest.
 * @throws TransientError if the hub is busy.
 */
export async function downloadFile(
  model: HubModel,
  file: HubFile,
  folder: string,
  env: HubEnvironment,
): Promise<void> {
  checkKey(file.rfilename); // The name is the hub's, and must not lead out of the folder.
  const path = join(folder, file.rfilename);
  if (await hasDigest(path, file)) return;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await removeAbandoned(path);
  const part = `${path}.partial-${randomUUID()}`;
  try {
    await receive(model, file.rfilename, part, env);
    if (!(await hasDigest(part, file))) {
      throw new UserError(
        `${fileOf(model, file.rfilename)} has another digest than the hub (${hubOf(env)}) lists`,
        `Something between here and the hub changes it, such as a proxy, or HF_ENDPOINT is a mirror with other files. ${withoutHub(model)}`,
      );
    }
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

/** Age of a part, in ms, after which the process that wrote it must have ended. */
const abandonedMs = 24 * 3_600_000;

/** Removes the parts of a file that killed processes left. */
async function removeAbandoned(path: string): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.partial-`)) continue;
    const part = join(dirname(path), name);
    const { mtimeMs } = await stat(part).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > abandonedMs) await rm(part, { force: true });
  }
}

async function receive(
  model: HubModel,
  name: string,
  part: string,
  env: HubEnvironment,
): Promise<void> {
  for (let breaks = 0; ; breaks++) {
    const start = await sizeOf(part);
    const response = await readHub(model, name, start, env);
    if (response.status === 416) return response.body?.cancel();
    // A server without ranges sends the whole file again.
    const handle = await open(part, response.status === 206 ? 'a' : 'w');
    try {
      // An empty file has no body. Each chunk is written at once, so that a break loses none.
      for await (const chunk of response.body ?? []) await handle.writeFile(chunk);
      return;
    } catch (error) {
      // fetch reports a body that breaks off as a TypeError. Others are of the disk.
      if (!(error instanceof TypeError)) throw error;
      if (breaks === maxBreaks) throw brokenOff(error, { model, wanted: fileOf(model, name), env });
    } finally {
      await handle.close();
    }
  }
}

function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Returns whether a file exists with the digest that the hub lists. */
async function hasDigest(path: string, { lfs, blobId }: HubFile): Promise<boolean> {
  const size = await stat(path).then(
    (stats) => stats.size,
    () => undefined,
  );
  if (size === undefined) return false;
  const hash = createHash(lfs?.sha256 ? 'sha256' : 'sha1');
  // Git hashes a header before the bytes.
  if (!lfs?.sha256) hash.update(`blob ${size}\0`);
  await pipeline(createReadStream(path), hash);
  const wanted = lfs?.sha256 ?? blobId;
  return !wanted || hash.digest('hex') === wanted;
}
