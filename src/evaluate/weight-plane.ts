import { z } from 'zod';
import { clamp } from '../arrays.ts';

/** Cells per side of the plane, of equal width. */
const cells = 10;
/** Width of a cell. */
export const planeWidth = 1 / cells;

/** Decisions whose margins are in a cell; cells without decisions are absent. */
export const weightPlaneSchema = z.array(
  z.strictObject({
    /** Lower ends of the margins in the cell, each of which is 0.1 wide. */
    teacher: z.number(),
    student: z.number(),
    decisions: z.int().min(1),
    /** Mean weight. */
    weight: z.number(),
    /** Mean of the estimated probabilities that the teacher is wrong. */
    errorProbability: z.number(),
  }),
);
export type WeightPlane = z.infer<typeof weightPlaneSchema>;

/** A decision about an unlabeled example, with its estimates. */
interface WeighedDecision {
  readonly teacherMargin: number;
  readonly studentMargin: number;
  readonly weight: number;
  readonly errorProbability: number;
}

/** Accumulator of weights over the plane of both margins, in constant memory. */
export interface WeightPlaneMeter {
  add(decision: WeighedDecision): void;
  /** Returns the cells, by the margin of the teacher, then by that of the student. */
  result(): WeightPlane;
}

/** Creates an accumulator. */
export function createWeightPlane(): WeightPlaneMeter {
  const sums = Array.from({ length: cells ** 2 }, () => ({
    ...{ decisions: 0, weight: 0, errorProbability: 0 },
  }));
  const indexOf = (margin: number) => clamp(Math.floor(margin * cells), 0, cells - 1);
  return {
    add({ teacherMargin, studentMargin, weight, errorProbability }) {
      const sum = sums[indexOf(teacherMargin) * cells + indexOf(studentMargin)]!;
      sum.decisions++;
      sum.weight += weight;
      sum.errorProbability += errorProbability;
    },
    result: () =>
      sums.flatMap(({ decisions, weight, errorProbability }, index) =>
        decisions === 0
          ? []
          : [
              {
                teacher: Math.floor(index / cells) / cells,
                student: (index % cells) / cells,
                decisions,
                weight: weight / decisions,
                errorProbability: errorProbability / decisions,
              },
            ],
      ),
  };
}

/**
 * Returns the mean estimate per margin of the teacher, with the middle of each interval.
 * @example errorEstimates(plane) // [[0.05, 0.41], [0.15, 0.33]]
 */
export function errorEstimates(plane: WeightPlane): (readonly [number, number])[] {
  const columns = new Map<number, { decisions: number; sum: number }>();
  for (const { teacher, decisions, errorProbability } of plane) {
    const column = columns.get(teacher) ?? { decisions: 0, sum: 0 };
    column.decisions += decisions;
    column.sum += decisions * errorProbability;
    columns.set(teacher, column);
  }
  return [...columns].map(([teacher, { decisions, sum }]) => [
    teacher + planeWidth / 2,
    sum / decisions,
  ]);
}
