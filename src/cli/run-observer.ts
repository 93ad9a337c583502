import type { RunStatus, StatusReader } from '../aws/status.ts';
import { StageTally, type TimeLeft } from './stage-tally.ts';

/** Minimum interval between bills, in ms: a bill lists one object per task call. */
const costEveryMs = 30_000;

/** Status, pace and cost of a run at one time. */
export interface Observation extends RunStatus {
  readonly at: Date;
  /** Shards per second of the running stage, if it works on shards. */
  readonly ratePerSecond: number | undefined;
  /** Estimated time to the end of that stage. */
  readonly timeLeft: TimeLeft | undefined;
  /** Cost of the tasks that have ended; undefined until it is computed, or if it cannot be. */
  readonly spentUsd: number | undefined;
}

/** Observes a run repeatedly. */
export class RunObserver {
  readonly #reader: Pick<StatusReader, 'read'>;
  readonly #measureUsd: () => Promise<number>;
  readonly #now: () => Date;
  #tally: StageTally | undefined;
  #spentUsd: number | undefined;
  #measuredAtMs = Number.NEGATIVE_INFINITY;

  /** @param measureUsd computes the run's cost so far. */
  constructor(
    reader: Pick<StatusReader, 'read'>,
    measureUsd: () => Promise<number>,
    now: () => Date = () => new Date(),
  ) {
    this.#reader = reader;
    this.#measureUsd = measureUsd;
    this.#now = now;
  }

  /** Reads the status. Does not wait for the cost, which may be 30 s old. */
  async look(): Promise<Observation> {
    if (this.#now().getTime() - this.#measuredAtMs >= costEveryMs) void this.#measure();
    return this.#observe(await this.#reader.read());
  }

  /** Reads the status and the current cost. */
  async lookWithCost(): Promise<Observation> {
    const [status] = await Promise.all([this.#reader.read(), this.#measure()]);
    return this.#observe(status);
  }

  /** Failing to read the cost must not hide the status; the command `cost` reports the error. */
  async #measure(): Promise<void> {
    this.#measuredAtMs = Number.POSITIVE_INFINITY; // One at a time.
    try {
      this.#spentUsd = await this.#measureUsd();
    } catch {
      this.#spentUsd = undefined;
    }
    this.#measuredAtMs = this.#now().getTime();
  }

  #observe(status: RunStatus): Observation {
    const at = this.#now();
    const tally = this.#follow(status, at);
    return {
      ...status,
      at,
      ratePerSecond: tally?.ratePerSecond,
      timeLeft: tally?.timeLeft,
      spentUsd: this.#spentUsd,
    };
  }

  /** Measures the pace of the stage that works on shards: since its start, later over 30 s. */
  #follow({ stages }: RunStatus, at: Date): StageTally | undefined {
    const stage = stages.find(({ state, shards }) => state === 'running' && shards);
    if (!stage?.shards || !stage.startedAt) return undefined;
    const { name, startedAt, shards } = stage;
    const unit = 'shards';
    if (this.#tally?.stage !== name) {
      this.#tally = new StageTally(name, startedAt.getTime());
      this.#tally.add({ stage: name, done: 0, total: shards.total, unit }, startedAt.getTime());
    }
    const done = shards.done + shards.failed;
    this.#tally.add({ stage: name, done, total: shards.total, unit }, at.getTime());
    return this.#tally;
  }
}
