import { z } from 'zod';
import { entry } from '../src/stages/entry.ts';
import { markQuietBatches } from '../src/stages/sweep.ts';

const environment = z.object({ DATA_BUCKET: z.string(), SWEEP_MINUTES: z.coerce.number() });

/** By the clock, where the deployment asks for it: closes batches that came without a marker. */
export const sweepHandler = entry('Sweep', z.unknown(), async () => {
  const { DATA_BUCKET, SWEEP_MINUTES } = environment.parse(process.env);
  return { marked: await markQuietBatches(`s3://${DATA_BUCKET}`, SWEEP_MINUTES) };
});
