/** Line of the table. */
export interface Row {
  /** Such as "training, convnet, batch 128, CIFAR-10 from memory". */
  readonly what: string;
  /** Such as "Keras 3"; "–" for a plain limit. */
  readonly against: string;
  /** Medians, in `unit`. */
  readonly ours: number;
  /** If undefined, the limit applies to `ours`. */
  readonly theirs?: number;
  readonly unit: 's' | 'ms' | 'MB' | 'number';
  /** Upper limit of ours / theirs, or of ours without theirs. */
  readonly atMost: number;
  /** Default: 0. */
  readonly atLeast?: number;
  /** Single measurements and additional figures, by name; for results.json. */
  readonly figures?: Readonly<Record<string, readonly number[]>>;
}

/** Returns the figure to which the row's limit applies. */
export function measured({ ours, theirs }: Row): number {
  return theirs === undefined ? ours : ours / theirs;
}

export function isMet(row: Row): boolean {
  const figure = measured(row);
  return figure >= (row.atLeast ?? 0) && figure <= row.atMost;
}

/** Returns the median; of an even number of figures, the upper of the two in the middle. */
export function median(figures: readonly number[]): number {
  const middle = figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)];
  if (middle === undefined) throw new RangeError('the median of nothing');
  return middle;
}
