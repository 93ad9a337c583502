import { z } from 'zod';
import type { Bench } from './bench.ts';
import type { Row } from './row.ts';

const result = z.object({ seconds: z.number(), accuracy: z.number() });

/** Training `ngrams` on texts, in CPU seconds to about the same accuracy. */
export const texts: Bench = async ({ scratch, node, python, say }) => {
  const what = 'training ngrams, 100,000 texts, CPU time';
  say(what);
  await python('texts_data', [scratch, '100000'], z.object({}));
  const ours = await node('texts', [scratch], result);
  const rows: Row[] = [];
  for (const against of ['fastText', 'SGDClassifier']) {
    const theirs = await python('texts', [scratch, against], result);
    rows.push({
      ...{ what, against, ours: ours.seconds, theirs: theirs.seconds, unit: 's', atMost: 1 },
      figures: { 'accuracy, ours': [ours.accuracy], [`accuracy, ${against}`]: [theirs.accuracy] },
    });
  }
  return rows;
};
