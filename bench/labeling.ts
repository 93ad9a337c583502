import { z } from 'zod';
import type { Bench } from './bench.ts';
import { median } from './row.ts';

const seconds = z.array(z.number()).min(1);
const ours = z.object({ seconds, decoding: seconds, answering: seconds });
const theirs = z.object({ seconds, difference: z.number().max(1e-3) });

/** Threads that decode in Python; which number is best, depends on the machine. */
const workers = [1, 2, 3];

/** 10,000 JPEGs of 32 × 32 in a tar, a resnet20 as a SavedModel, the labels to Parquet. */
export const labeling: Bench = async ({ data, scratch, node, python, say }) => {
  say('labeling 10,000 images of CIFAR-10 with a resnet20');
  await python('label_data', [data, scratch], z.object({}));
  const { seconds, decoding, answering } = await node('label', [scratch, '5'], ours);
  const figures: Record<string, number[]> = { ours: seconds, decoding, answering };
  for (const count of workers) {
    const peer = await python('label', [scratch, '3', String(count)], theirs);
    figures[`Python, ${count} threads`] = peer.seconds;
  }
  const peers = workers.map((count) => median(figures[`Python, ${count} threads`]!));
  const what = 'labeling a tar of 10,000 JPEGs, resnet20 as SavedModel, to Parquet';
  return [
    {
      what,
      against: 'Python: tarfile, Pillow, TensorFlow, pyarrow',
      ...{ ours: median(seconds), theirs: Math.min(...peers), unit: 's', atMost: 0.6, figures },
    },
    {
      what: 'the same',
      against: 'the slower of decoding alone and inference alone',
      ours: median(seconds),
      theirs: Math.max(median(decoding), median(answering)),
      ...{ unit: 's', atMost: 1.15 },
    },
  ];
};
