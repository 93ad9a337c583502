import { z } from 'zod';
import { readJson } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import { billSchema } from './bill-file.ts';
import { keys } from './keys.ts';
import { planSchema } from './plan-file.ts';

/**
 * Fields of a plan that the commands read; the full schema would refuse plans of other versions.
 */
const planPart = z.object({
  /** The variant of the config's method is the first. */
  variants: z.tuple([z.object({ name: z.string() })], z.object({ name: z.string() })),
  /** Trained after the students; plans of older versions have none. */
  baselines: z.array(z.object({ name: z.string() })).default([]),
  sets: planSchema.shape.sets,
  estimate: z.object({ bill: billSchema }).optional(),
});
/** Part of a plan. */
export type PlanPart = z.infer<typeof planPart>;

/** Reads a run's plan. @returns undefined before the run is planned. */
export async function readPlanPart(
  results: ObjectStore,
  run: string,
): Promise<PlanPart | undefined> {
  const key = keys.plan(run);
  return (await results.head(key)) ? readJson(results, key, planPart) : undefined;
}
