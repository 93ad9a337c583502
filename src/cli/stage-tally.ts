import type { Progress } from '../run/context.ts';

/** Window of the rate, in ms: short enough to follow a change of pace. */
const rateWindowMs = 30_000;

/** Amount of work done, such as "31,200 of 50,000 examples". */
export interface Amount {
  readonly done: number;
  /** Undefined until it is reported. */
  readonly total: number | undefined;
  readonly unit: string;
}

/**
 * Sums the reported progress of a stage: figures of the whole stage ("5 of 12 shards"), of its
 * parallel parts ("31,200 examples"), or both.
 */
export class StageTally {
  readonly stage: string;
  readonly startedAtMs: number;
  #whole: Amount | undefined;
  readonly #parts = new Map<string, Amount>();
  /** Progress over time, oldest first; only the first may be older than the window. */
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

  /** Sum over the parts, then the figure of the whole stage; each only if reported. */
  get amounts(): Amount[] {
    return [this.#sumOfParts(), this.#whole].filter((amount) => amount !== undefined);
  }

  /** Share done, in [0, 1], by the whole stage's figure if it has a total; undefined if unknown. */
  get share(): number | undefined {
    const amount = this.amounts.findLast(({ total }) => total !== undefined && total > 0);
    return amount && Math.min(amount.done / amount.total!, 1);
  }

  /** Increase of the first amount per second; undefined if unknown. */
  get ratePerSecond(): number | undefined {
    return this.#risePerSecond(({ done }) => done);
  }

  /** Estimated time to the end; undefined if unknown. */
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
