import { z } from 'zod';

/** Use of all calls of one task. */
export const taskUseSchema = z.strictObject({
  /** Name of a stage in `stages/index.ts`. */
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
      /** Title of a stage, or a service that several stages use. */
      what: z.string(),
      quantity: z.number().nonnegative(),
      unit: z.string(),
      usd: z.number().nonnegative(),
    }),
  ),
  totalUsd: z.number().nonnegative(),
  pricesAsOf: z.string(),
  region: z.string(),
  /** Costs that are not in the total. */
  notes: z.array(z.string()),
});
export type Bill = z.infer<typeof billSchema>;
