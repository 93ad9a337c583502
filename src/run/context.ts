/** One line of progress: `done` of `total` things of `what`, in the stage named. */
export interface Progress {
  readonly stage: string;
  /** Shard, variant or step that the figure is about; undefined for the whole stage. */
  readonly part?: string;
  readonly done?: number;
  readonly total?: number;
  /** What is counted: "examples", "steps". */
  readonly unit?: string;
  /** A sentence for the user, such as a warning. */
  readonly message?: string;
  readonly level?: 'info' | 'warning';
}

/** What a run may use where it runs. */
export interface DeploymentLimits {
  /** `function` where nothing but functions was deployed. */
  readonly trainer: 'gpu' | 'function';
  /** No run may be estimated to cost more, whatever its config says. */
  readonly budgetUsd: number | undefined;
}

/** What a stage gets from whoever runs it: the embedded engine, Lambda, AWS Batch or a test. */
export interface Context {
  /** Aborted when the task should stop; a trainer then writes a checkpoint at once. */
  readonly signal: AbortSignal;
  /** Tells how far the task is. Never holds data of the user's. */
  report(progress: Progress): void;
  /** On AWS and LocalStack. A run on one machine has everything and costs nothing. */
  readonly deployment?: DeploymentLimits;
}
