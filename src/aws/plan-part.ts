import { z } from 'zod';
import { billSchema } from '../run/bill-file.ts';
import { keys } from '../run/keys.ts';
import { planSchema } from '../run/plan-file.ts';
import { readJson } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';

/** What is needed of a plan; its whole schema would refuse that of a slightly other version. */
const planPart = z.object({
  /** That of the config's method first. */
  variants: z.tuple([z.object({ name: z.string() })], z.object({ name: z.string() })),
  sets: planSchema.shape.sets,
  estimate: z.object({ bill: billSchema }).optional(),
});
export type PlanPart = z.infer<typeof planPart>;

/** @returns undefined before the run is planned. */
export async function readPlanPart(
  results: ObjectStore,
  run: string,
): Promise<PlanPart | undefined> {
  const key = keys.plan(run);
  return (await results.head(key)) ? readJson(results, key, planPart) : undefined;
}
