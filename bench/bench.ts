import type { z } from 'zod';
import type { Row } from './row.ts';

/**
 * What a comparison has to work with. A contestant is a program that does the work, repeats it, and
 * prints one JSON object as the last line of its standard output, such as `{"seconds":[1.2,1.1]}`.
 */
export interface BenchContext {
  /** The folder with cifar10/, mnist/ and adult/. */
  readonly data: string;
  /** A folder for files of this run, removed at its end. */
  readonly scratch: string;
  /** Runs one of ours: 'label' is bench/ours/label.ts. */
  node<Result>(
    program: string,
    args: readonly string[],
    schema: z.ZodType<Result>,
  ): Promise<Result>;
  /** Runs a peer, by the Python that has the packages of bench/peers: 'label' is label.py there. */
  python<Result>(
    program: string,
    args: readonly string[],
    schema: z.ZodType<Result>,
  ): Promise<Result>;
  /** Says what is being measured. */
  say(line: string): void;
}

/** The comparisons of one topic, in the order of the table. */
export type Bench = (context: BenchContext) => Promise<Row[]>;
