import type { z } from 'zod';
import { sum } from '../arrays.ts';
import { describeFailure } from '../run/failure-file.ts';
import { readCause } from '../run/hidden-message.ts';
import { keys } from '../run/keys.ts';
import { type RunRecord, recordSchema } from '../run/plan-file.ts';
import { type PlanPart, readPlanPart } from '../run/plan-part.ts';
import { allStages } from '../stages/index.ts';
import { type Publication, publicationSchema } from '../stages/publish.ts';
import { readJson } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import { failureOf } from './execution-failure.ts';
import {
  type Attempt,
  type DescribedExecution,
  describeExecution,
  openStepFunctions,
} from './executions.ts';
import { readHistory, type StageTrace, type StudentState, traceHistory } from './history.ts';
import { countShards, type FailedShard, firstFailedShard, type ShardCounts } from './map-runs.ts';

/** Status of a run's newest execution. */
export interface RunStatus {
  readonly run: string;
  /** Number of the execution among those of the run, from 1. */
  readonly attempt: number;
  readonly status: DescribedExecution['status'];
  /** Last result of the execution; undefined: all. */
  readonly until: DescribedExecution['until'];
  /** Whether the config was missing or wrong at the start; such a run cannot be resumed. */
  readonly refused: boolean;
  /** Location of the dataset; undefined if the run has no record. */
  readonly dataset: string | undefined;
  readonly startedAt: Date;
  readonly endedAt: Date | undefined;
  readonly stages: readonly StageStatus[];
  /** Failure of a run that did not succeed. */
  readonly failure: RunFailure | undefined;
  /** Publication of a run that succeeded. */
  readonly publication: Publication | undefined;
  readonly estimatedUsd: number | undefined;
}

/** Status of a stage. */
export interface StageStatus {
  readonly name: string;
  readonly state: StageTrace['state'];
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  /** Shards of a stage that works on shards, once it has begun. */
  readonly shards: ShardCounts | undefined;
  /** Students of the stage that trains students, once it has begun; otherwise empty. */
  readonly students: readonly { readonly name: string; readonly state: StudentState }[];
}

/** Failure of a run. */
export interface RunFailure {
  readonly stage: string | undefined;
  /** Shard or student on which the stage failed, if known. */
  readonly part: string | undefined;
  /** Name of the error: `UserError` if the input or the config is wrong. */
  readonly error: string;
  readonly message: string;
  readonly hint: string | undefined;
  /** Period of the failed part, which contains its log lines. */
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
}

/** Reads the status of a run's execution repeatedly; reads unchanging parts only once. */
export class StatusReader {
  readonly #results: ObjectStore;
  readonly #attempt: Attempt;
  readonly #stageNames: readonly string[];
  readonly #client = openStepFunctions();
  /** Counts of Map Runs that have ended, by ARN. */
  readonly #counts = new Map<string, ShardCounts>();
  #record: RunRecord | undefined;
  #plan: PlanPart | undefined;

  /** @param stageNames the stages of the workflow, in order. */
  constructor(results: ObjectStore, attempt: Attempt, stageNames: readonly string[]) {
    this.#results = results;
    this.#attempt = attempt;
    this.#stageNames = stageNames;
  }

  /** Reads the status, with two or three calls of Step Functions for any number of shards. */
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
      until: execution.until,
      refused: this.#refusal !== undefined,
      dataset: this.#record?.dataset,
      startedAt,
      endedAt: stoppedAt,
      stages: await Promise.all(trace.map((stage) => this.#stage(stage))),
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
    const variants = students.length > 0 ? this.#trained() : [];
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

  /** Lists what the stage Train works on, in the order of its Map: students, then baselines. */
  #trained(): readonly { readonly name: string }[] {
    return this.#plan ? [...this.#plan.variants, ...this.#plan.baselines] : [];
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

  /** Counts the planned shards of a stage: Weigh works on the unlabeled ones, Label on all. */
  #plannedShards(stage: string): number {
    const sets = this.#plan?.sets;
    if (!sets) return 0;
    const { mapOver } = allStages.find(({ title }) => title === stage) ?? {};
    if (mapOver === 'unlabeledShards') return sets.unlabeled.shards;
    return sum(Object.values(sets).map(({ shards }) => shards));
  }

  async #failure(
    execution: DescribedExecution,
    stages: readonly StageTrace[],
  ): Promise<RunFailure | undefined> {
    const { status } = execution;
    if (status === 'RUNNING' || status === 'SUCCEEDED') return undefined;
    const stage = stages.find(({ state }) => state === 'failed' || state === 'aborted');
    const student = stage?.students.indexOf('failed') ?? -1;
    const where = {
      stage: stage?.name,
      part: this.#trained()[student]?.name,
      startedAt: stage?.startedAt ?? execution.startedAt,
      endedAt: stage?.endedAt ?? execution.stoppedAt,
    };
    if (this.#refusal) return { ...where, error: 'UserError', ...this.#refusal };
    if (stage?.state === 'failed' && stage.mapRun !== undefined) {
      const onShard = await firstFailedShard(this.#client, stage.mapRun);
      if (onShard) return this.#shardFailure(onShard, stage.name);
    }
    const ended = { ...this.#attempt, ...execution };
    const { error, message, hint } = await failureOf(this.#results, ended);
    return { ...where, error, message, hint };
  }

  async #shardFailure(
    { cause, shard, ...failed }: FailedShard,
    stage: string,
  ): Promise<RunFailure> {
    const { run, arn: execution } = this.#attempt;
    const found = await readCause(this.#results, run, cause);
    const { message, hint } = describeFailure({ run, execution }, failed.error, found);
    return { ...failed, message, hint, stage, part: shard };
  }

  get #refusal(): { readonly message: string; readonly hint: string } | undefined {
    return this.#record && 'refused' in this.#record ? this.#record.refused : undefined;
  }

  async #ifThere<T>(key: string, schema: z.ZodType<T>): Promise<T | undefined> {
    return (await this.#results.head(key)) ? readJson(this.#results, key, schema) : undefined;
  }
}
