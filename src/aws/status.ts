import type { z } from 'zod';
import { sum } from '../arrays.ts';
import { parseCause } from '../run/failure-cause.ts';
import { keys } from '../run/keys.ts';
import { type RunRecord, recordSchema } from '../run/plan-file.ts';
import { allStages } from '../stages/index.ts';
import { type Publication, publicationSchema } from '../stages/publish.ts';
import { failureSchema } from '../stages/record-failure.ts';
import { readJson } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import {
  type Attempt,
  type DescribedExecution,
  describeExecution,
  openStepFunctions,
} from './executions.ts';
import {
  readHistory,
  type StageTrace,
  type StudentState,
  type Trace,
  traceHistory,
} from './history.ts';
import { countShards, firstFailedShard, type ShardCounts } from './map-runs.ts';
import { type PlanPart, readPlanPart } from './plan-part.ts';

/** All that there is to tell of a run's newest execution. */
export interface RunStatus {
  readonly run: string;
  /** From 1: which of the run's executions this is. */
  readonly attempt: number;
  readonly status: DescribedExecution['status'];
  /** Its config was missing or wrong when its batch came: it fails at once, and cannot go on. */
  readonly refused: boolean;
  /** Location of the dataset; undefined when the run has no record. */
  readonly dataset: string | undefined;
  readonly startedAt: Date;
  readonly endedAt: Date | undefined;
  readonly stages: readonly StageStatus[];
  /** Why it ended, unless it did well. */
  readonly failure: RunFailure | undefined;
  /** Of a run that ended well. */
  readonly publication: Publication | undefined;
  readonly estimatedUsd: number | undefined;
}

export interface StageStatus {
  readonly name: string;
  readonly state: StageTrace['state'];
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  /** Of a stage that works on shards, once it began. */
  readonly shards: ShardCounts | undefined;
  /** Of the stage that trains them, once it began; else empty. */
  readonly students: readonly { readonly name: string; readonly state: StudentState }[];
}

export interface RunFailure {
  readonly stage: string | undefined;
  /** The shard or the student that the stage failed on, where that is known. */
  readonly part: string | undefined;
  /** The error's name: `UserError` when the input or the config is wrong. */
  readonly error: string;
  readonly message: string;
  readonly hint: string | undefined;
  /** When the part that failed was worked on: where its log lines are. */
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
}

/** Reads how a run's execution stands, again and again; what does not change is read once. */
export class StatusReader {
  readonly #results: ObjectStore;
  readonly #attempt: Attempt;
  readonly #stageNames: readonly string[];
  readonly #client = openStepFunctions();
  /** By ARN: those of Map Runs that ended. */
  readonly #counts = new Map<string, ShardCounts>();
  #record: RunRecord | undefined;
  #plan: PlanPart | undefined;

  /** @param stageNames the stages of the workflow, in the order in which they come. */
  constructor(results: ObjectStore, attempt: Attempt, stageNames: readonly string[]) {
    this.#results = results;
    this.#attempt = attempt;
    this.#stageNames = stageNames;
  }

  /** Calls Step Functions two or three times, however many shards there are. */
  async read(): Promise<RunStatus> {
    const { run, attempt, arn } = this.#attempt;
    const [events, described] = await Promise.all([
      readHistory(this.#client, arn),
      describeExecution(arn),
    ]);
    const execution = described ?? this.#attempt;
    const trace = traceHistory(this.#stageNames, events, execution);
    this.#record ??= await this.#ifThere(keys.record(run), recordSchema);
    this.#plan ??= await readPlanPart(this.#results, run);
    const { status, startedAt, stoppedAt } = execution;
    return {
      run,
      attempt,
      status,
      refused: this.#refusal !== undefined,
      dataset: this.#record?.dataset,
      startedAt,
      endedAt: stoppedAt,
      stages: await Promise.all(trace.stages.map((stage) => this.#stage(stage))),
      failure: await this.#failure(execution, trace),
      publication:
        status === 'SUCCEEDED'
          ? await this.#ifThere(keys.publication(run), publicationSchema)
          : undefined,
      estimatedUsd: this.#plan?.estimate?.bill.totalUsd,
    };
  }

  async #stage(trace: StageTrace): Promise<StageStatus> {
    const { name, state, startedAt, endedAt, students } = trace;
    const variants = students.length > 0 ? (this.#plan?.variants ?? []) : [];
    return {
      name,
      state,
      startedAt,
      endedAt,
      shards: trace.mapRun === undefined ? undefined : await this.#shards(trace, trace.mapRun),
      students: variants.map((variant, i) => ({
        name: variant.name,
        state: students[i] ?? 'waiting',
      })),
    };
  }

  async #shards({ name, state }: StageTrace, mapRun: string): Promise<ShardCounts> {
    const known = this.#counts.get(mapRun);
    if (known) return known;
    const counts = await countShards(this.#client, mapRun);
    const total = Math.max(counts.total, this.#plannedShards(name));
    const shards = { ...counts, total };
    if (state !== 'running') this.#counts.set(mapRun, shards);
    return shards;
  }

  /** All shards get labels; the unlabeled ones get weights. */
  #plannedShards(stage: string): number {
    const sets = this.#plan?.sets;
    if (!sets) return 0;
    const { mapOver } = allStages.find(({ title }) => title === stage) ?? {};
    if (mapOver === 'unlabeledShards') return sets.unlabeled.shards;
    return sum(Object.values(sets).map(({ shards }) => shards));
  }

  async #failure(
    execution: DescribedExecution,
    { stages, recordedFailure }: Trace,
  ): Promise<RunFailure | undefined> {
    const { status } = execution;
    if (status === 'RUNNING' || status === 'SUCCEEDED') return undefined;
    const stage = stages.find(({ state }) => state === 'failed' || state === 'aborted');
    const student = stage?.students.indexOf('failed') ?? -1;
    const where = {
      stage: stage?.name,
      part: this.#plan?.variants[student]?.name,
      startedAt: stage?.startedAt ?? execution.startedAt,
      endedAt: stage?.endedAt ?? execution.stoppedAt,
    };
    if (this.#refusal) return { ...where, error: 'UserError', ...this.#refusal };
    if (stage?.state === 'failed' && stage.mapRun !== undefined) {
      const onShard = await firstFailedShard(this.#client, stage.mapRun);
      if (onShard) return { ...onShard, stage: stage.name, part: onShard.shard };
    }
    if (recordedFailure) {
      const recorded = await this.#ifThere(keys.failure(this.#attempt.run), failureSchema);
      const { error, message, hint } = recorded ?? unsaid(execution);
      return { ...where, error, message, hint };
    }
    return { ...where, ...unsaid(execution) };
  }

  get #refusal(): { readonly message: string; readonly hint: string } | undefined {
    return this.#record && 'refused' in this.#record ? this.#record.refused : undefined;
  }

  async #ifThere<T>(key: string, schema: z.ZodType<T>): Promise<T | undefined> {
    return (await this.#results.head(key)) ? readJson(this.#results, key, schema) : undefined;
  }
}

/** Why an execution ended that recorded no failure, as Step Functions has it. */
function unsaid({
  status,
  error,
  cause,
}: DescribedExecution): Pick<RunFailure, 'error' | 'message' | 'hint'> {
  // Step Functions has the cause of an abort, too: what `stopExecution` was told.
  const { message, hint } = cause
    ? parseCause(cause)
    : { message: unsaidOf(status), hint: undefined };
  return { error: error ?? status, message, hint };
}

function unsaidOf(status: DescribedExecution['status']): string {
  if (status === 'ABORTED') return 'it was stopped';
  if (status === 'TIMED_OUT') return 'it took longer than the workflow allows';
  return 'Step Functions does not say why';
}
