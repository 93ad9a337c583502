/** The inputs of a reader: each is made of the samples by one number, its seed. */
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { randomFor } from '../../src/data/random.ts';
import { UserError } from '../../src/errors.ts';
import { packageRoot } from '../../src/package-root.ts';
import { pick } from './mutate.ts';
import type { FuzzedReader } from './reader.ts';

/** Maximum size of a sample: small files are changed where it matters more often. */
const maxSampleBytes = 100_000;

/** Reads the valid files of a reader, in the order of their names. */
export async function samplesOf(reader: FuzzedReader): Promise<Buffer[]> {
  const found = (await Promise.all(reader.samples.map(filesIn))).flat();
  const files = found.filter((file) => reader.accepts?.(file) ?? true);
  const read = await Promise.all(files.map((file) => readFile(file)));
  return read.filter(({ length }) => length > 0 && length <= maxSampleBytes);
}

/** Reads the inputs of a reader that were once a finding. */
export async function foundInputs({
  name,
}: FuzzedReader): Promise<{ name: string; bytes: Buffer }[]> {
  const files = await filesIn(`test/fuzz/corpus/found/${name}`);
  return Promise.all(
    files.map(async (file) => ({ name: path.basename(file), bytes: await readFile(file) })),
  );
}

/** Lists a file, or the files in a folder and below it, which may be absent. */
async function filesIn(name: string): Promise<string[]> {
  const whole = path.join(packageRoot, name);
  if (!existsSync(whole)) return [];
  if (!(await stat(whole)).isDirectory()) return [whole];
  const entries = await readdir(whole, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => path.join(entry.parentPath, entry.name)).sort();
}

/** Makes the input of a seed. */
export function inputOf(reader: FuzzedReader, samples: readonly Buffer[], seed: number): Buffer {
  const random = randomFor(seed);
  return reader.mutate(pick(random, samples), random, pick(random, samples));
}

/** Reads an input; returns the text of an error that no user should see. */
export async function unexpectedError(
  reader: FuzzedReader,
  input: Buffer,
): Promise<string | undefined> {
  try {
    await reader.read(input);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
