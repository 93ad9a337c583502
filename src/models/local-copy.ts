import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { checkKey } from '../store/key.ts';
import type { ObjectStore } from '../store/store.ts';
import { hashStream } from './file-hashes.ts';
import type { TeacherFile } from './teachers/teacher-kind.ts';

/**
 * Copies a model's files to a local folder, because native libraries load local files. An existing
 * copy is kept only if its bytes are unchanged: temporary folders are cleaned, and models are code.
 *
 * @param verify Receives the SHA-256, in hex, of each file. Throws if the files are not those that
 *   belong in `folder`.
 */
export async function copyFiles(
  store: ObjectStore,
  files: readonly TeacherFile[],
  folder: string,
  verify: (hashes: readonly string[]) => void,
): Promise<void> {
  if (await isIntact(files, folder, verify)) return;
  await rm(folder, { recursive: true, force: true });
  await makeOnce(folder, async (made) => {
    for (const file of files) await copyFile(store, file, made);
    verify(await hashLocal(files, made));
  });
}

async function copyFile(
  store: ObjectStore,
  { path, object }: TeacherFile,
  folder: string,
): Promise<void> {
  checkKey(path); // An object's name may hold "..", and must not lead out of the folder.
  const local = join(folder, path);
  await mkdir(dirname(local), { recursive: true });
  const body = await store.read(object.key, { version: object.version });
  await pipeline(body, createWriteStream(local));
}

async function isIntact(
  files: readonly TeacherFile[],
  folder: string,
  verify: (hashes: readonly string[]) => void,
): Promise<boolean> {
  try {
    verify(await hashLocal(files, folder));
    return true;
  } catch {
    return false; // Missing or changed: it is copied again.
  }
}

async function hashLocal(files: readonly TeacherFile[], folder: string): Promise<string[]> {
  const hashes: string[] = [];
  for (const { path } of files) hashes.push(await hashStream(createReadStream(join(folder, path))));
  return hashes;
}

/** Matches the name of a file or folder that is being made. */
export const beingMade = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Makes a file or folder that exists either whole or not at all, even if several processes try at
 * once or one is killed. An existing one is kept.
 */
export async function makeOnce(path: string, make: (made: string) => Promise<void>): Promise<void> {
  if (await exists(path)) return;
  const made = `${path}.${randomUUID()}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await make(made);
    try {
      await rename(made, path);
    } catch (error) {
      if (!(await exists(path))) throw error; // Otherwise another process was first.
    }
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
