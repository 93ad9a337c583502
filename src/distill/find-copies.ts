/** Finds equal examples in the sets with labels, which make figures look too good. */
import { createDigester } from '../data/content-digest.ts';
import { DigestIndex } from '../data/digest-index.ts';
import type { Example } from '../data/example.ts';
import { ExampleDigests } from '../data/example-digests.ts';
import type { SetName } from '../data/shard.ts';
import type { Context } from '../run/context.ts';
import { type Job, shardItems } from '../run/job.ts';
import type { Copies } from '../run/reconcile-file.ts';
import { labeledShard, trueDecisions } from './sets.ts';

/** Labeled examples whose labels are compared with each other. It bounds the memory to 60 MiB. */
const maxCompared = 2 ** 20;

/** Result of `findCopies`. */
export interface FoundCopies {
  readonly copies: Copies;
  /** The test examples, for the comparison with the unlabeled set. */
  readonly tests: ExampleDigests;
}

/**
 * Compares the labeled, the validation and the test set, in one pass over each. Memory holds the
 * digests of the validation and the test set, and of the first million labeled examples.
 *
 * Reconcile does this because Plan would have to read the labeled set twice: the features, fitted
 * to it, decide which rows are equal. Label skips shards that an earlier run has labeled.
 */
export async function findCopies(job: Job, context: Context): Promise<FoundCopies> {
  const tests = new ExampleDigests();
  const validations = new ExampleDigests();
  const contradicts = contradictions(job);
  const contradicting: Copies['contradicting'] = { examples: 0, of: 0 };
  const first: { test?: string; validation?: string } = {};
  for await (const { digest } of digestsOf(job, 'test', context)) tests.add(digest);
  for await (const { digest, example } of digestsOf(job, 'validation', context)) {
    if (tests.mark(digest, 'validation')) first.test ??= example.id;
    validations.add(digest);
  }
  for await (const { digest, example } of digestsOf(job, 'labeled', context)) {
    if (tests.mark(digest, 'labeled')) first.test ??= example.id;
    if (validations.mark(digest, 'labeled')) first.validation ??= example.id;
    contradicting.of++;
    if (!contradicts(digest, example)) continue;
    contradicting.examples++;
    contradicting.first ??= example.id;
  }
  return {
    copies: {
      test: { examples: tests.copies, of: tests.examples, first: first.test },
      validation: {
        examples: validations.copies,
        of: validations.examples,
        first: first.validation,
      },
      contradicting,
    },
    tests,
  };
}

/** Yields the usable examples of a set with their digests. */
async function* digestsOf(
  job: Job,
  set: SetName,
  context: Context,
): AsyncGenerator<{ readonly digest: Uint8Array; readonly example: Example }> {
  const digest = createDigester(job.plan.features);
  for (const item of await shardItems(job, set)) {
    for await (const { example } of labeledShard(job, item, { encoders: [] })) {
      context.signal.throwIfAborted();
      yield { digest: digest(example.content), example };
    }
  }
}

/** Returns a function that reports whether an earlier, equal example has other labels. */
function contradictions(job: Job): (digest: Uint8Array, example: Example) => boolean {
  const trueOf = trueDecisions(job);
  const index = new DigestIndex();
  const labels: string[] = [];
  return (digest, example) => {
    const isFull = index.size >= maxCompared;
    const known = isFull ? index.find(digest) : index.add(digest);
    if (known === undefined) return false;
    const label = trueOf(example, 'labeled').join();
    labels[known] ??= label;
    return labels[known] !== label;
  };
}
