import { join } from 'node:path';
import { z } from 'zod';
import type { Bench } from './bench.ts';
import { median } from './row.ts';

const planned = z.object({ seconds: z.number(), mostMb: z.number() });
const images = 1_000_000;
/** 21 of them are in a shard of 2 MiB. */
const imageBytes = 99_000;

/** Start and Plan over a million images in 47,620 shards, which exist in a listing only. */
export const planning: Bench = async ({ scratch, node, say }) => {
  say('planning a million objects');
  const plan = (how: string, turn: number) =>
    node(
      'plan',
      [join(scratch, `plan-${turn}-${how}`), String(images), String(imageBytes), how],
      planned,
    );
  const turns = [await plan('sdk', 1), await plan('sdk', 2), await plan('sdk', 3)];
  const overHttp = await plan('http', 1);
  const seconds = turns.map((turn) => turn.seconds);
  const mostMb = turns.map((turn) => turn.mostMb);
  const what = 'starting and planning a run over a million objects (simulated listing)';
  return [
    {
      what,
      ...{ against: '–', ours: median(seconds), unit: 's', atMost: 10, figures: { seconds } },
    },
    {
      what: 'the same: most resident memory',
      ...{ against: '–', ours: median(mostMb), unit: 'MB', atMost: 300, figures: { mostMb } },
    },
    {
      what: 'the same, listed by the AWS SDK from a server on this machine',
      ...{ against: '–', ours: overHttp.seconds, unit: 's', atMost: 10 },
    },
  ];
};
