import type { Interval } from './schema.ts';

/** Judgement of a teacher. */
export interface TeacherJudgement {
  readonly examples: number;
  /** Number of decisions, if the task is multi-label. */
  readonly decisions?: number;
  /** Share of the examples, or of the decisions, that the teacher classifies correctly. */
  readonly accuracy: Interval;
  /** Reasons to doubt the teacher, each with what to do. */
  readonly warnings: readonly string[];
}

/** Accumulator of a teacher's answers to labeled examples. */
export interface TeacherMeter {
  /** Adds an example: its true decisions, and those that the teacher predicts, [perExample]. */
  add(decided: ArrayLike<number>, predictions: ArrayLike<number>): void;
  /** Returns undefined if no example was added. */
  result(): TeacherJudgement | undefined;
}
