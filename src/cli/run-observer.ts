import type { RunStatus, StatusReader } from '../aws/status.ts';
import { StageTally } from './stage-tally.ts';

/** A bill lists an object for every call of a task: not something to do every other second. */
const costEveryMs = 30_000;

/** How a run stands, how fast it goes, and what it cost so far. */
export interface Observation extends RunStatus {
  readonly at: Date;
  /** Of the stage that works on shards: shards a second, and when all will be done. */
  readonly ratePerSecond: number | undefined;
  readonly secondsLeft: number | undefined;
  /** By what the tasks that ended recorded; undefined until it was added up, or if it cannot be. */
  readonly spentUsd: number | undefined;
}

/** Looks at a run again and again. */
export class RunObserver {
  readonly #reader: Pick<StatusReader, 'read'>;
  readonly #measureUsd: () => Promise<number>;
  readonly #now: () => Date;
  #tally: StageTally | undefined;
  #spentUsd: number | undefined;
  #measuredAtMs = Number.NEGATIVE_INFINITY;

  /** @param measureUsd adds up what the run cost so far. */
  constructor(
    reader: Pick<StatusReader, 'read'>,
    measureUsd: () => Promise<number>,
    now: () => Date = () => new Date(),
  ) {
    this.#reader = reader;
    this.#measureUsd = measureUsd;
    this.#now = now;
  }

  /** Does not wait for the cost, which is that of the last half minute. */
  async look(): Promise<Observation> {
    if (this.#now().getTime() - this.#measuredAtMs >= costEveryMs) void this.#measure();
    return this.#observe(await this.#reader.read());
  }

  /** With the cost of now. */
  async lookThoroughly(): Promise<Observation> {
    const [status] = await Promise.all([this.#reader.read(), this.#measure()]);
    return this.#observe(status);
  }

  /** A cost that cannot be known hides no status: the command `cost` tells why. */
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
      secondsLeft: tally?.secondsLeft,
      spentUsd: this.#spentUsd,
    };
  }

  /** The pace of the stage that is at its shards: at first since it began, then of late. */
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
