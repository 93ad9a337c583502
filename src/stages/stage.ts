/** The rows of the table of stages: what the workflow, its deployment and the estimate need. */
import type { z } from 'zod';
import type { Context } from '../run/context.ts';
import { noticeStall } from '../run/stalled-call.ts';
import { entry, type Handler } from './entry.ts';

/** Facts about a function that its deployment needs. */
export interface FunctionRow<Name extends string = string> {
  /** Name of the function, and of its variable in the workflow's file: `${PlanFunction}`. */
  readonly name: Name;
  /** Memory, in MiB; the function's share of processors follows from it. */
  readonly memoryMiB: number;
  /**
   * Whether it loads TensorFlow, ONNX or sharp. Their libraries do not fit into a zip, so that the
   * function is a container image on AWS. Default: false.
   */
  readonly native?: boolean;
  /** Size of /tmp, in GiB. Default: the 512 MiB that are free. */
  readonly scratchGiB?: number;
}

/** Objects that a stage accesses. Keys are IAM patterns: `*` is any text. */
export interface Access {
  /** Whether it reads the objects of the dataset. Default: false. */
  readonly readsData?: boolean;
  /** Whether it lists the objects of the dataset. Default: false. */
  readonly listsData?: boolean;
  /** Whether it lists the usage records of the run. Default: false. */
  readonly listsUsage?: boolean;
  /** Objects of the results that it reads. */
  readonly reads: readonly string[];
  /** Objects of the results that it writes. */
  readonly writes: readonly string[];
}

/** Lists that a Map of the workflow iterates over. */
export type MapItems = 'shards' | 'unlabeledShards' | 'variants';

interface StageFacts<Name extends string> extends FunctionRow<Name> {
  /** Name in progress, errors and bills; also the name of its state, if no Map is around it. */
  readonly title: string;
  /** The list that the Map around the stage iterates over. Default: one call per run. */
  readonly mapOver?: MapItems;
  /** Whether a Choice before the stage decides if it is called. Default: false. */
  readonly optional?: boolean;
  /**
   * Set if a call that runs out of time keeps its progress and is called again. Such a stage takes
   * long, so it also stops when its execution is aborted. The text is a change of the config that
   * helps if a whole call makes no progress, as the end of "Choose …". Default: it does not resume.
   */
  readonly resumes?: string;
  /** Whether its progress counts examples, which the dashboard shows. Default: false. */
  readonly countsExamples?: boolean;
  /** Change of the config that makes the stage cheaper, as the end of "To make it cheaper: …". */
  readonly cheaper?: string;
  readonly access: Access;
}

/** One stage of the workflow. */
export interface Stage<Name extends string = string> extends StageFacts<Name> {
  /** Loads the code of the stage. */
  readonly load: () => Promise<Handler>;
}

interface StageRow<Name extends string, Event> extends StageFacts<Name> {
  readonly event: z.ZodType<Event>;
  readonly load: () => Promise<(event: Event, context: Context) => Promise<unknown>>;
}

/**
 * Makes a row of the table of stages.
 *
 * @param row The facts of the stage, the schema of its event, and an import of its function.
 */
export function defineStage<const Name extends string, Event>(
  row: StageRow<Name, Event>,
): Stage<Name> {
  const { event, load, ...facts } = row;
  const { title, resumes } = facts;
  return {
    ...facts,
    load: async () => {
      const run = await load();
      return entry(title, event, resumes === undefined ? run : noticeStall(run, resumes));
    },
  };
}
