import { z } from 'zod';
import { clamp, indexOfLargest } from '../arrays.ts';
import { type Decisions, decisionRows } from '../debias/decisions.ts';

/** Bins of equal width on the probability of the most likely class. */
const bins = 10;

/** Name of the teacher's answers before calibration, next to the calibrated `teacher`. */
export const rawTeacher = 'teacher before calibration';

/** Decisions of a model by its confidence; bins without decisions are absent. */
export const reliabilitySchema = z.array(
  z.strictObject({
    /** Mean probability of the most likely class. */
    confidence: z.number(),
    decisions: z.int().min(1),
    right: z.int().nonnegative(),
  }),
);
type Reliability = z.infer<typeof reliabilitySchema>;

/** Accumulator of the reliability of several models. */
export interface ReliabilityMeter {
  /**
   * Adds an example.
   * @param decided True class of each decision, [perExample].
   * @param outputsByModel Outputs of each model, [outputs].
   */
  add(decided: ArrayLike<number>, outputsByModel: readonly Float32Array[]): void;
  result(): Record<string, Reliability>;
}

/** Creates an accumulator. */
export function createReliabilityMeter(
  models: readonly string[],
  decisions: Decisions,
): ReliabilityMeter {
  const { classes, perExample } = decisions;
  const sums = models.map(() =>
    Array.from({ length: bins }, () => ({ confidence: 0, decisions: 0, right: 0 })),
  );
  return {
    add(decided, outputsByModel) {
      outputsByModel.forEach((outputs, model) => {
        const rows = decisionRows(outputs, decisions);
        for (let d = 0; d < perExample; d++) {
          const row = rows.subarray(d * classes, (d + 1) * classes);
          const best = indexOfLargest(row);
          const confidence = row[best]!;
          const bin = sums[model]![clamp(Math.ceil(confidence * bins) - 1, 0, bins - 1)]!;
          bin.confidence += confidence;
          bin.decisions++;
          if (best === decided[d]) bin.right++;
        }
      });
    },
    result() {
      const means = sums.map((ofModel) =>
        ofModel
          .filter((bin) => bin.decisions > 0)
          .map((bin) => ({ ...bin, confidence: bin.confidence / bin.decisions })),
      );
      return Object.fromEntries(models.map((name, model) => [name, means[model]!]));
    },
  };
}
