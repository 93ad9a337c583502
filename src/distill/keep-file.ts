import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../errors.ts';
import { makeOnce } from '../models/local-copy.ts';

/**
 * Writes a local file of a run. The file appears as a whole, and an equal one is kept, so that a
 * second call resumes a stopped one.
 *
 * @throws UserError if another file is in the way.
 */
export async function keepFile(path: string, body: Uint8Array, run: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await makeOnce(path, (made) => writeFile(made, body));
  if (Buffer.compare(await readFile(path), body) === 0) return;
  throw new UserError(
    `${path} exists already and does not belong to run ${run}`,
    'Move it away, or choose another folder with --to.',
  );
}
