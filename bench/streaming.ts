import { join } from 'node:path';
import { z } from 'zod';
import type { Bench } from './bench.ts';
import { median } from './row.ts';

const seconds = z.array(z.number()).min(1);
const schema = z.object({
  ...{ streaming: seconds, cached: seconds, floats: seconds, reestimating: seconds },
});

/**
 * Measures the cost of streaming and decoding, of augmentation and weights, and of recomputing the
 * weights every epoch.
 */
export const streaming: Bench = async ({ data, scratch, node, say }) => {
  say('training on 27,000 JPEGs of CIFAR-10 in tars: streaming, cached, and on floats');
  const folders = [join(data, 'cifar10'), join(scratch, 'streaming')];
  const figures = await node('stream', folders, schema);
  const { streaming, cached, floats, reestimating } = figures;
  const what =
    'the trainer on tar shards of JPEG, streaming, with augmentation and weights: an epoch';
  return [
    {
      what,
      against: 'itself on examples in memory',
      ...{ ours: median(streaming), theirs: median(cached), unit: 's', atMost: 1.1, figures },
    },
    {
      what,
      against: 'itself on floats in memory, without augmentation or weights',
      ...{ ours: median(streaming), theirs: median(floats), unit: 's', atMost: 1.1 },
    },
    {
      what: 're-estimating weights, 1,000 validation examples',
      against: 'the epoch, 25,000 unlabeled examples',
      ...{ ours: median(reestimating), theirs: median(cached), unit: 's', atMost: 0.03 },
    },
  ];
};
