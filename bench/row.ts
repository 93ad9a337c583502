/** One line of the table. */
export interface Row {
  /** Such as "training, convnet, batch 128, CIFAR-10 from memory". */
  readonly what: string;
  /** Such as "Keras 3"; "–" for a plain limit. */
  readonly against: string;
  /** Medians, in `unit`. */
  readonly ours: number;
  /** Without it, `ours` itself has the limit. */
  readonly theirs?: number;
  readonly unit: 's' | 'ms' | 'MB' | 'number';
  /** The most that ours / theirs should be, or ours where there is no theirs. */
  readonly atMost: number;
  /** Default: 0. */
  readonly atLeast?: number;
  /** What the medians are of, or what else was measured on the way, by name; for results.json. */
  readonly figures?: Readonly<Record<string, readonly number[]>>;
}

/** What the row's limit is about. */
export function measured({ ours, theirs }: Row): number {
  return theirs === undefined ? ours : ours / theirs;
}

export function isMet(row: Row): boolean {
  const figure = measured(row);
  return figure >= (row.atLeast ?? 0) && figure <= row.atMost;
}

/** The upper one of the two in the middle of an even number of figures. */
export function median(figures: readonly number[]): number {
  const middle = figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)];
  if (middle === undefined) throw new RangeError('the median of nothing');
  return middle;
}
