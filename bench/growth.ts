import { join } from 'node:path';
import { z } from 'zod';
import type { Bench } from './bench.ts';
import type { Row } from './row.ts';

const seconds = z.array(z.number()).length(4);
const grown = z.object({ labeling: seconds, weighing: seconds });
const planned = z.object({ seconds: z.number() });

/** Factors of the sizes that are compared. */
const factors = [1, 2, 4, 8];
const fewestObjects = 250_000;
/** 46 of them are in a shard of 2 MiB: the most objects are in fewer shards than a run takes. */
const objectBytes = 45_000;
const turns = [1, 2];

/** Measures whether eight times as many examples, or objects, take eight times as long. */
export const growth: Bench = async ({ scratch, node, say }) => {
  say('labeling, weighing and planning N, 2N, 4N and 8N');
  const times: Record<'labeling' | 'weighing' | 'planning', number[][]> = {
    ...{ labeling: [], weighing: [], planning: [] },
  };
  for (const turn of turns) {
    const stages = await node('grow', [join(scratch, `grow-${turn}`)], grown);
    times.labeling.push(stages.labeling);
    times.weighing.push(stages.weighing);
    const planning: number[] = [];
    for (const factor of factors) {
      const folder = join(scratch, `grow-plan-${turn}-${factor}`);
      const counts = [factor * fewestObjects, objectBytes].map(String);
      planning.push((await node('plan', [folder, ...counts, 'sdk'], planned)).seconds);
    }
    times.planning.push(planning);
  }
  return [
    row('labeling, 20,000 to 160,000 rows', times.labeling),
    row('weighing, 20,000 to 160,000 rows', times.weighing),
    row('planning, 250,000 to 2,000,000 objects', times.planning),
  ];
};

function row(what: string, figures: readonly number[][]): Row {
  // Other work on the machine makes it slower, never faster.
  const best = factors.map((_, index) => Math.min(...figures.map((turn) => turn[index]!)));
  return {
    what: `growth of ${what}`,
    against: '–',
    ours: slope(factors.map(Math.log), best.map(Math.log)),
    unit: 'number',
    atLeast: 0.95,
    atMost: 1.05,
    figures: Object.fromEntries(figures.map((turn, index) => [`turn ${index + 1}`, turn])),
  };
}

/** Returns the slope of the least-squares line. */
function slope(xs: readonly number[], ys: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
  const [x, y] = [mean(xs), mean(ys)];
  const products = xs.map((value, index) => (value - x) * (ys[index]! - y));
  return mean(products) / mean(xs.map((value) => (value - x) ** 2));
}
