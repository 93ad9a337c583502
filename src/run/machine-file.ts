import { z } from 'zod';

/**
 * `runs/<run>/machine.json`: the machine that ran Evaluate, and times. `metrics.json` has no time,
 * so that equal runs have equal figures.
 */
export const machineFileSchema = z.strictObject({
  /** Model of the processor. */
  processor: z.string(),
  cores: z.int(),
  memoryBytes: z.number(),
  /** Example: `Linux x64`. */
  system: z.string(),
  /** Isolation of the processes that run models of users. */
  isolation: z.string().optional(),
  /** Versions, by the name of the program. */
  versions: z.record(z.string(), z.string()),
  /**
   * Median time in seconds from an example, as it is in the data, to its probabilities. By model;
   * one example at a time.
   */
  latency: z.record(z.string(), z.number()),
  /** Why the teacher has no latency; absent if it has. */
  teacherNotTimed: z.string().optional(),
  /** Examples that each latency is the median of. */
  latencyExamples: z.int(),
  /** Calls of the stages that have ended, with the sum of their times. */
  stages: z.array(z.strictObject({ title: z.string(), calls: z.int(), seconds: z.number() })),
});
export type MachineFile = z.infer<typeof machineFileSchema>;
