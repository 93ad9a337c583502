/** One line of progress of a stage: `done` of `total` units. */
export interface Progress {
  readonly stage: string;
  /** Shard, variant or step that the figure is for; undefined for the whole stage. */
  readonly part?: string;
  readonly done?: number;
  readonly total?: number;
  /** Work in the stage's total that this part may leave out; 0 when that is decided. */
  readonly optional?: number;
  /** Work in the stage's total that this part has left out. */
  readonly skipped?: number;
  /** Unit of `done` and `total`: "examples", "steps". */
  readonly unit?: string;
  /** Sentence for the user, such as a warning. */
  readonly message?: string;
  readonly level?: 'info' | 'warning';
}

/** Limits of the deployment. */
export interface DeploymentLimits {
  /** Best deployed trainer: `function` if only functions were deployed. */
  readonly trainer: 'gpu' | 'function';
  /** Maximum estimated cost of a run, whatever its config allows; undefined: no maximum. */
  readonly budgetUsd: number | undefined;
  /** Maximum estimated cost of all runs of a day and of a month; undefined: no maximum. */
  readonly perDayUsd?: number | undefined;
  readonly perMonthUsd?: number | undefined;
  /** Maximum number of shards at once; undefined: not limited by the deployment or its account. */
  readonly concurrency?: number | undefined;
}

/** Input of a stage from its caller: the embedded engine, Lambda, AWS Batch or a test. */
export interface Context {
  /** Aborted when the task should stop; a trainer then writes a checkpoint at once. */
  readonly signal: AbortSignal;
  /** Reports progress. Its argument never contains the user's data. */
  report(progress: Progress): void;
  /** Called after each object that the task has added to the results: progress that stays. */
  onCommit?(): void;
  /** Set in functions, on AWS and LocalStack. A local run has every trainer and costs nothing. */
  readonly deployment?: DeploymentLimits;
}
