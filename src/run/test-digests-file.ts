/** `runs/<run>/test-digests.bin`: digests of the test examples, with their other sets. */
import { ExampleDigests } from '../data/example-digests.ts';
import { readBytes, writeOnce } from '../store/once.ts';
import { openSealedBytes, sealBytes } from '../store/seal.ts';
import type { Job } from './job.ts';
import { keys } from './keys.ts';

type Run = Pick<Job, 'results' | 'run'>;

export async function writeTestDigests({ results, run }: Run, tests: ExampleDigests) {
  const key = keys.testDigests(run);
  await writeOnce(results, key, sealBytes(tests.toBytes(), key));
}

/** @throws UserError if the file was changed. */
export async function readTestDigests({ results, run }: Run): Promise<ExampleDigests> {
  const name = (key: string) => `${results.location}/${key}`;
  const key = keys.testDigests(run);
  // Reconcile, which writes it, is repeated only without its result.
  const others = [name(keys.reconcile(run))];
  return ExampleDigests.fromBytes(
    openSealedBytes(await readBytes(results, key), name(key), key, others),
  );
}
