import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Features } from '../data/features/features.ts';
import { digestJson, sortFields } from '../digest.ts';
import type { ObjectStore } from '../store/store.ts';
import type { TeacherConfig } from './config.ts';
import { teacherFeatures } from './teacher-features.ts';
import { type TeacherFile, type TeacherFiles, teacherFiles } from './teacher-files.ts';

/**
 * The SHA-256 of everything that decides what a brought teacher says: the bytes of all its files,
 * what it is fed, and the config fields that change its answers. It is the key of the label cache,
 * and what pins the teacher: models are programs, so one that changed is not run.
 *
 * @param student what the student is fed; without a size of its own, the teacher is fed by it.
 * @throws UserError when a file is missing.
 */
export async function teacherDigest(
  store: ObjectStore,
  config: TeacherConfig,
  student: Features,
): Promise<string> {
  const found = await teacherFiles(store, config);
  const hashes = await hashFiles(store, found.files);
  return combinedDigest(config, teacherFeatures(config, student), found, hashes);
}

/** The SHA-256, in hex, of each file. */
export async function hashFiles(
  store: ObjectStore,
  files: readonly TeacherFile[],
): Promise<string[]> {
  const hashes: string[] = [];
  for (const { object } of files) {
    hashes.push(await hashStream(await store.read(object.key, { version: object.version })));
  }
  return hashes;
}

/** The SHA-256 of a stream's bytes, in hex. */
export async function hashStream(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(stream, hash);
  return hash.digest('hex');
}

/** The teacher's digest from the SHA-256, in hex, of each of its files. */
export function combinedDigest(
  config: TeacherConfig,
  features: Features,
  { kind, files }: TeacherFiles,
  hashes: readonly string[],
): string {
  const decisive = {
    kind,
    files: files.map(({ path }, place) => [path, hashes[place]]),
    features: kind === 'predictions' ? null : features,
    output: config.output,
    outputName: config.outputName,
    embeddingName: config.embeddingName,
  };
  return digestJson(sortFields(decisive));
}
