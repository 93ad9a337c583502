import { join } from 'node:path';
import { z } from 'zod';
import type { Bench } from './bench.ts';
import { median } from './row.ts';

/** Seconds of the epochs of one training. */
const training = z.array(z.number()).min(2);
const schema = z.object({
  fromShards: z.array(training),
  fromMemory: z.array(training),
  reestimating: z.array(z.number()),
});

/**
 * What it costs that examples are streamed, decoded, augmented and weighted; and how much of that is
 * the making of the weights, which every epoch does anew.
 */
export const streaming: Bench = async ({ data, scratch, node, say }) => {
  say('five epochs of 12,000 images of CIFAR-10, three times from tar shards and from memory');
  const folders = [join(data, 'cifar10'), join(scratch, 'streaming')];
  const { fromShards, fromMemory, reestimating } = await node('stream', folders, schema);
  const firstEpochs = (trainings: number[][]) => trainings.map((epochs) => epochs[0]!);
  const laterEpochs = (trainings: number[][]) => trainings.flatMap((epochs) => epochs.slice(1));
  return [
    {
      what: 'five epochs of the trainer on tar shards of JPEG, streaming, with augmentation and weights',
      against: 'itself on data in memory',
      ours: median(fromShards.map(sum)),
      theirs: median(fromMemory.map(sum)),
      unit: 's',
      atMost: 1.1,
      figures: {
        'from shards, first epoch': firstEpochs(fromShards),
        'from shards, later epochs': laterEpochs(fromShards),
        'from memory, first epoch': firstEpochs(fromMemory),
        'from memory, later epochs': laterEpochs(fromMemory),
      },
    },
    {
      what: 're-estimating weights, 1,000 validation examples',
      against: 'the epoch',
      ours: median(reestimating),
      theirs: median(laterEpochs(fromShards)),
      unit: 's',
      atMost: 0.03,
      figures: { 're-estimating': reestimating },
    },
  ];
};

function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}
