import type { Example } from '../../data/example.ts';
import { kindOf } from '../../data/features/index.ts';

/** Maximum number of examples in a sample. Up to this number of classes, each has examples. */
const sampleSize = 128;
/** Limit of their encoded bytes. */
const sampleBytes = 64 * 2 ** 20;

/** Collects a few labeled examples of every class. */
export interface LabeledSample {
  /** Takes the example, unless there are enough of each of its classes. */
  offer(example: Example, classes: readonly number[]): void;
  readonly examples: readonly Example[];
}

/** Creates a sample. Examples without any class count as one more class. */
export function createSample(classes: number): LabeledSample {
  const quota = Math.max(1, Math.floor(sampleSize / classes));
  const taken = new Int32Array(classes + 1);
  const examples: Example[] = [];
  let bytes = 0;
  return {
    examples,
    offer(example, own) {
      const groups = own.length > 0 ? own : [classes];
      if (examples.length >= sampleSize || groups.every((each) => taken[each]! >= quota)) return;
      const size = kindOf(example.content).encodedBytes(example.content);
      if (bytes + size > sampleBytes && examples.length > 0) return;
      bytes += size;
      for (const each of groups) taken[each]! += 1;
      examples.push(example);
    },
  };
}
