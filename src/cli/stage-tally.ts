import type { Progress } from '../run/context.ts';

/** The rate is that of the last half minute, so that it follows a change of pace. */
const rateWindowMs = 30_000;

/** How much of something is done, as "31,200 of 50,000 examples". */
export interface Amount {
  readonly done: number;
  /** Undefined while nobody has said it. */
  readonly total: number | undefined;
  readonly unit: string;
}

/**
 * Adds up what is reported of a stage: figures of the whole stage ("5 of 12 shards"), figures of
 * its parts that work side by side ("31,200 examples"), or both.
 */
export class StageTally {
  readonly stage: string;
  readonly startedAtMs: number;
  #whole: Amount | undefined;
  readonly #parts = new Map<string, Amount>();
  /** What was done when, oldest first; only the first may be older than the window. */
  readonly #samples: { atMs: number; done: number; share: number | undefined }[] = [];

  constructor(stage: string, startedAtMs: number) {
    this.stage = stage;
    this.startedAtMs = startedAtMs;
  }

  add({ part, done, total, unit }: Progress, atMs: number): void {
    if (done === undefined && total === undefined) return;
    const before = part === undefined ? this.#whole : this.#parts.get(part);
    const amount = {
      done: done ?? before?.done ?? 0,
      total: total ?? before?.total,
      unit: unit ?? before?.unit ?? '',
    };
    if (part === undefined) this.#whole = amount;
    else this.#parts.set(part, amount);
    this.#samples.push({ atMs, done: this.amounts[0]!.done, share: this.share });
    while (this.#samples.length > 2 && this.#samples[1]!.atMs < atMs - rateWindowMs) {
      this.#samples.shift();
    }
  }

  /** The sum over the parts, then the figure of the whole stage: those that there are. */
  get amounts(): Amount[] {
    return [this.#sumOfParts(), this.#whole].filter((amount) => amount !== undefined);
  }

  /** From 0 to 1, by the whole stage's figure if it has a total; undefined until it can be told. */
  get share(): number | undefined {
    const amount = this.amounts.findLast(({ total }) => total !== undefined && total > 0);
    return amount && Math.min(amount.done / amount.total!, 1);
  }

  /** Of the first amount a second; undefined until it can be told. */
  get ratePerSecond(): number | undefined {
    return this.#risePerSecond(({ done }) => done);
  }

  /** Undefined until it can be told. */
  get secondsLeft(): number | undefined {
    const { share } = this;
    const rise = this.#risePerSecond((sample) => sample.share);
    return share === undefined || rise === undefined ? undefined : (1 - share) / rise;
  }

  #risePerSecond(
    figure: (sample: { done: number; share: number | undefined }) => number | undefined,
  ): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.atMs <= first.atMs) return undefined;
    const rise = (figure(last) ?? Number.NaN) - (figure(first) ?? Number.NaN);
    return rise > 0 ? (rise / (last.atMs - first.atMs)) * 1000 : undefined;
  }

  #sumOfParts(): Amount | undefined {
    let sum: Amount | undefined;
    for (const { done, total, unit } of this.#parts.values()) {
      const known = sum === undefined || sum.total !== undefined;
      sum = {
        done: done + (sum?.done ?? 0),
        total: known && total !== undefined ? total + (sum?.total ?? 0) : undefined,
        unit: unit || (sum?.unit ?? ''),
      };
    }
    return sum;
  }
}
