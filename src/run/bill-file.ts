import { z } from 'zod';

/** What the calls of one task used together. */
export const taskUseSchema = z.strictObject({
  /** As `stages/index.ts` names it. */
  task: z.string(),
  /** `lambda-<MiB>`, or `<instance type>-<spot|ondemand>`. */
  resource: z.string(),
  calls: z.number().nonnegative(),
  seconds: z.number().nonnegative(),
  /** Requests to S3. */
  gets: z.number().nonnegative(),
  puts: z.number().nonnegative(),
});
export type TaskUse = z.infer<typeof taskUseSchema>;

export const billSchema = z.strictObject({
  lines: z.array(
    z.strictObject({
      /** A stage of the workflow, or a service that several use. */
      what: z.string(),
      quantity: z.number().nonnegative(),
      unit: z.string(),
      usd: z.number().nonnegative(),
    }),
  ),
  totalUsd: z.number().nonnegative(),
  pricesAsOf: z.string(),
  region: z.string(),
  /** What is not in the total. */
  notes: z.array(z.string()),
});
export type Bill = z.infer<typeof billSchema>;
