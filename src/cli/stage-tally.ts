import { sum } from '../arrays.ts';
import { duration } from '../format.ts';
import type { Progress } from '../run/context.ts';

/** Window of the rate, in ms: short enough to follow a change of pace. */
const rateWindowMs = 30_000;

/** Samples in half of the window that make its rate reliable. */
const steadySamples = 10;

/** Progress at a time. */
interface Sample {
  readonly atMs: number;
  readonly done: number;
  /** Work done of the amount that has a total; undefined if none has. */
  readonly doneOfTotal: number | undefined;
}

/** Times in seconds; they differ if work may be left out. */
export interface TimeLeft {
  readonly least: number;
  readonly most: number;
}

/** Amount of work, such as "31,200 of 50,000 examples". */
export interface Amount {
  readonly done: number;
  /** Undefined until it is reported. */
  readonly total: number | undefined;
  readonly unit: string;
}

/**
 * Sums the reported progress of a stage: figures of the whole stage ("5 of 12 shards"), of its
 * parts ("31,200 examples"), or both. Parts may work at the same time, or one after another.
 */
export class StageTally {
  readonly stage: string;
  readonly startedAtMs: number;
  #whole: (Omit<Amount, 'done'> & { readonly done: number | undefined }) | undefined;
  readonly #parts = new Map<string, Amount>();
  /** Per part: work in the total that it may leave out, and that it has left out. */
  readonly #optional = new Map<string, number>();
  readonly #skipped = new Map<string, number>();
  /** Progress over time, oldest first; only the first may be older than the window. */
  readonly #samples: Sample[] = [];

  constructor(stage: string, startedAtMs: number) {
    this.stage = stage;
    this.startedAtMs = startedAtMs;
  }

  add({ part = '', optional, skipped, ...progress }: Progress, atMs: number): void {
    if (optional !== undefined) this.#optional.set(part, optional);
    if (skipped !== undefined) this.#skipped.set(part, skipped);
    this.#addAmount({ ...(part !== '' && { part }), ...progress }, atMs);
  }

  #addAmount({ part, done, total, unit }: Progress, atMs: number): void {
    if (done === undefined && total === undefined) return;
    const before = part === undefined ? this.#whole : this.#parts.get(part);
    const amount = { total: total ?? before?.total, unit: unit ?? before?.unit ?? '' };
    const soFar = done ?? before?.done;
    if (part === undefined) this.#whole = { ...amount, done: soFar };
    else this.#parts.set(part, { ...amount, done: soFar ?? 0 });
    const all = this.amounts[0]!.done;
    // Before its first step, a training loads TensorFlow and the data, which the rate leaves out.
    if (all === 0 && this.#whole && this.#whole.done === undefined) return;
    this.#samples.push({ atMs, done: all, doneOfTotal: this.#ofTotal?.done });
    while (this.#samples.length > 2 && this.#samples[1]!.atMs < atMs - rateWindowMs) {
      this.#samples.shift();
    }
  }

  /**
   * Sum over the parts, then the figure of the whole stage; each only if reported. If the whole has
   * a total only, its parts of the same unit are what is done of it.
   */
  get amounts(): Amount[] {
    if (this.#whole && this.#whole.done === undefined) {
      const { total, unit } = this.#whole;
      const wanted = total === undefined ? total : total - sumOf(this.#skipped);
      return [{ done: this.#sumOfParts(unit)?.done ?? 0, total: wanted, unit }];
    }
    const whole = this.#whole && { ...this.#whole, done: this.#whole.done ?? 0 };
    return [this.#sumOfParts(), whole].filter((amount) => amount !== undefined);
  }

  /** Share done, in [0, 1], by the whole stage's figure if it has a total; undefined if unknown. */
  get share(): number | undefined {
    const amount = this.#ofTotal;
    return amount && Math.min(amount.done / amount.total, 1);
  }

  get #ofTotal(): { readonly done: number; readonly total: number } | undefined {
    const amount = this.amounts.findLast(({ total }) => total !== undefined && total > 0);
    return amount && { done: amount.done, total: amount.total! };
  }

  /** Increase of the first amount per second; undefined if unknown. */
  get ratePerSecond(): number | undefined {
    return this.#risePerSecond(({ done }) => done);
  }

  /** Estimated time to the end, if all optional work is left out and if none is. */
  get timeLeft(): TimeLeft | undefined {
    const amount = this.#ofTotal;
    const rise = this.#risePerSecond(({ doneOfTotal }) => doneOfTotal);
    if (amount === undefined || rise === undefined) return undefined;
    const left = Math.max(0, amount.total - amount.done);
    const least = Math.max(0, left - sumOf(this.#optional));
    return { least: least / rise, most: left / rise };
  }

  #risePerSecond(figure: (sample: Sample) => number | undefined): number | undefined {
    const first = this.#samples[this.#rateStart()];
    const last = this.#samples.at(-1);
    if (!first || !last || last.atMs <= first.atMs) return undefined;
    const rise = (figure(last) ?? Number.NaN) - (figure(first) ?? Number.NaN);
    return rise > 0 ? (rise / (last.atMs - first.atMs)) * 1000 : undefined;
  }

  /**
   * Returns the index of the sample from which the rate is computed: at half of the window, because
   * the first steps are slow. If few samples came since then, such as one per shard, the rate is
   * that of the whole window: one step more or less would change it too much.
   */
  #rateStart(): number {
    const last = this.#samples.length - 1;
    const middleMs = ((this.#samples[0]?.atMs ?? 0) + (this.#samples[last]?.atMs ?? 0)) / 2;
    const start = this.#samples.findLastIndex(({ atMs }) => atMs <= middleMs);
    const { done = 0 } = this.#samples[start] ?? {};
    return last - start >= steadySamples && this.#samples[last]!.done > done ? start : 0;
  }

  /** @param wanted Unit of the parts to add. Default: all parts. */
  #sumOfParts(wanted?: string): Amount | undefined {
    let sum: Amount | undefined;
    for (const { done, total, unit } of this.#parts.values()) {
      if (wanted !== undefined && unit !== wanted) continue;
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

/** @example timeLeftText({ least: 123, most: 314 }); // "2 min 3 s to 5 min 14 s left" */
export function timeLeftText({ least, most }: TimeLeft): string {
  const times = [least, most].map((seconds) => duration(Math.ceil(seconds)));
  return `${[...new Set(times)].join(' to ')} left`;
}

function sumOf(parts: ReadonlyMap<string, number>): number {
  return sum([...parts.values()]);
}
