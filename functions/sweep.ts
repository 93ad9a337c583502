import { z } from 'zod';
import { entry } from '../src/stages/entry.ts';
import { markQuietBatches } from '../src/stages/sweep.ts';

const environment = z.object({ DATA_BUCKET: z.string(), SWEEP_MINUTES: z.coerce.number() });

/**
 * Closes the batches that came without a marker, by the clock, if the deployment has a schedule.
 */
export const sweepHandler = entry('Sweep', z.unknown(), async () => {
  const { DATA_BUCKET, SWEEP_MINUTES } = environment.parse(process.env);
  return { marked: await markQuietBatches(`s3://${DATA_BUCKET}`, SWEEP_MINUTES) };
});
