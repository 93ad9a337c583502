import { z } from 'zod';
import type { Bench } from './bench.ts';
import { median } from './row.ts';

const ours = z.object({ seconds: z.number(), grownMb: z.number() });
const theirs = z.object({ seconds: z.number(), algorithm: z.string(), difference: z.number() });

/** Weights of ten million examples by the 45 nearest of 2,000 validation points. */
export const weights: Bench = async ({ scratch, node, python, say }) => {
  say('weights of 10 million examples, 2,000 validation points, 45 neighbors');
  await python('weights_data', [scratch], z.object({}));
  const turns = [];
  for (const _ of [1, 2, 3]) turns.push(await node('weigh', [scratch], ours));
  const { seconds, algorithm, difference } = await python('weights', [scratch], theirs);
  turns.push(await node('weigh', [scratch], ours));
  const what = 'weights, 10 million queries, 2,000 validation points, k = 45';
  const times = turns.map((turn) => turn.seconds);
  const grown = turns.map(({ grownMb }) => grownMb);
  return [
    {
      what,
      against: `scikit-learn's KNeighborsRegressor (${algorithm}), one thread`,
      ours: median(times),
      theirs: seconds,
      unit: 's',
      atMost: 0.1,
      figures: { ours: times, 'scikit-learn': [seconds] },
    },
    {
      what: 'the same: the largest difference of weight or error probability',
      ...{ against: 'scikit-learn', ours: difference, unit: 'number', atMost: 1e-6 },
    },
    {
      what: 'the same: growth of resident memory',
      ...{ against: '–', ours: Math.max(...grown), unit: 'MB', atMost: 100 },
      figures: { ours: grown },
    },
  ];
};
