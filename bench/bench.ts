import type { z } from 'zod';
import type { Row } from './row.ts';

/**
 * Tools of a comparison. A contestant is a program that does the work, repeats it, and
 * prints one JSON object as the last line of its standard output, such as `{"seconds":[1.2,1.1]}`.
 */
export interface BenchContext {
  /** Folder with cifar10/, mnist/ and adult/. */
  readonly data: string;
  /** Folder for files of this run, removed at its end. */
  readonly scratch: string;
  /** Runs a program of ours: 'label' is bench/ours/label.ts. */
  node<Result>(
    program: string,
    args: readonly string[],
    schema: z.ZodType<Result>,
  ): Promise<Result>;
  /**
   * Runs a peer with the Python that has the packages of bench/peers: 'label' is label.py there.
   */
  python<Result>(
    program: string,
    args: readonly string[],
    schema: z.ZodType<Result>,
  ): Promise<Result>;
  /** Prints what is being measured. */
  say(line: string): void;
}

/** Comparisons of one topic, in the order of the table. */
export type Bench = (context: BenchContext) => Promise<Row[]>;
