/** The summary of a cell's rows: every method compared with plain distillation, draw by draw. */
import { sum } from '../src/arrays.ts';
import { baseline, candidates, fallbackMethod, type MethodCandidate } from '../src/debias/auto.ts';
import { methodOf, plainMethod } from '../src/debias/methods.ts';
import { calibratedModels, calibratedName, softName } from './compared.ts';
import type { Row } from './row.ts';

/** A mean over draws of labels, with the 95 % interval of Student's t. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** A method in one cell. */
export interface MethodSummary {
  readonly name: string;
  /** Number of draws that have it. */
  readonly draws: number;
  readonly accuracy: number;
  /** Its accuracy minus that of plain distillation on the same labels, hard and soft. */
  readonly overHard: Estimate;
  readonly overSoft: Estimate;
  /**
   * The closed share of the distance from plain distillation (the better of the two, on average) to
   * the oracle. Undefined unless the oracle is better than plain in every draw, because a share of
   * almost nothing has no meaning.
   */
  readonly closed: number | undefined;
}

/** The difference that calibrated teachers make in one cell, to a model. */
export interface CalibrationSummary {
  /** The teacher, or a student. */
  readonly name: string;
  /** Number of draws with calibrated teachers. */
  readonly draws: number;
  readonly accuracy: Estimate;
  readonly logLoss: Estimate;
}

export interface CellSummary {
  readonly problem: string;
  readonly labels: number;
  readonly draws: number;
  readonly methods: readonly MethodSummary[];
  readonly auto: AutoSummary;
  /** Summaries over the draws with calibrated teachers; empty if there are none. */
  readonly calibration: readonly CalibrationSummary[];
}

/** The choices of `auto`, with the results of all its options. */
export interface AutoSummary {
  /** Number of draws per chosen student. */
  readonly chosen: Readonly<Record<string, number>>;
  /** Mean accuracy of its choices, of the best and of the worst option per draw. */
  readonly accuracy: number;
  readonly best: number;
  readonly worst: number;
}

const hard = `plain/${plainMethod}`;
const soft = `plain/${softName(plainMethod)}`;
const oracle = `oracle/${plainMethod}`;

/**
 * Summarises a cell.
 *
 * @param rows the rows of one cell.
 */
export function summarizeCell(rows: readonly Row[]): CellSummary {
  const { problem, labels } = rows[0]!;
  const names = [...new Set(rows.flatMap(({ accuracy }) => Object.keys(accuracy)))];
  return {
    ...{ problem, labels, draws: rows.length },
    methods: names.map((name) => summarizeMethod(rows, name)),
    auto: summarizeAuto(rows),
    calibration: summarizeCalibration(rows),
  };
}

/** Compares a method with plain distillation in the draws that have it. */
function summarizeMethod(rows: readonly Row[], name: string): MethodSummary {
  const having = rows.filter(({ accuracy }) => name in accuracy);
  const mean = (other: string) => average(having.map((row) => row.accuracy[other]!));
  const plain = Math.max(mean(hard), mean(soft));
  const isDistant = rows.every((row) => {
    const { [hard]: byHard, [soft]: bySoft, [oracle]: known } = row.accuracy;
    return known! > Math.max(byHard!, bySoft!);
  });
  const over = (base: string) =>
    estimate(having.map((row) => row.accuracy[name]! - row.accuracy[base]!));
  return {
    ...{ name, draws: having.length, accuracy: mean(name) },
    ...{ overHard: over(hard), overSoft: over(soft) },
    closed: isDistant ? (mean(name) - plain) / (mean(oracle) - plain) : undefined,
  };
}

function summarizeCalibration(rows: readonly Row[]): CalibrationSummary[] {
  return calibratedModels.flatMap((name) => {
    const key = `${calibratedName}/${name}`;
    const having = rows.filter(({ accuracy }) => key in accuracy);
    if (having.length === 0) return [];
    const gain = (metric: 'accuracy' | 'logLoss') =>
      estimate(having.map((row) => row[metric][key]! - row[metric][`cross-fitted/${name}`]!));
    const draws = having.length;
    return [{ name, draws, accuracy: gain('accuracy'), logLoss: gain('logLoss') }];
  });
}

/** The students that `auto` can choose, by their names in a row. */
const choices = [...[baseline, ...candidates].map(nameOf), fallbackMethod];

/** The student's name in a run whose labels are hard by default. */
function nameOf({ method, labels }: MethodCandidate | Row['auto']): string {
  return labels === 'soft' && methodOf(method).labels === 'either' ? softName(method) : method;
}

function summarizeAuto(rows: readonly Row[]): AutoSummary {
  const chosen: Record<string, number> = {};
  const outcomes = rows.map(({ auto, accuracy }) => {
    const name = nameOf(auto);
    chosen[name] = (chosen[name] ?? 0) + 1;
    const all = choices.map((choice) => accuracy[`cross-fitted/${choice}`]!);
    const own = accuracy[`cross-fitted/${name}`]!;
    return { own, best: Math.max(...all), worst: Math.min(...all) };
  });
  return {
    chosen,
    accuracy: average(outcomes.map(({ own }) => own)),
    best: average(outcomes.map(({ best }) => best)),
    worst: average(outcomes.map(({ worst }) => worst)),
  };
}

/** Groups the rows by cell, in order of appearance. */
export function cellsOf<OneRow extends Pick<Row, 'problem' | 'labels'>>(
  rows: readonly OneRow[],
): OneRow[][] {
  const cells = new Map<string, OneRow[]>();
  for (const row of rows) {
    const name = `${row.problem} ${row.labels}`;
    cells.set(name, [...(cells.get(name) ?? []), row]);
  }
  return [...cells.values()];
}

/** The 0.975 quantiles of Student's t, by degrees of freedom. A single draw has no interval. */
const quantiles = [Number.NaN, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/**
 * Estimates a mean.
 *
 * @throws RangeError for more than ten values.
 */
export function estimate(values: readonly number[]): Estimate {
  const freedom = values.length - 1;
  const quantile = quantiles[freedom];
  if (quantile === undefined) throw new RangeError(`expected 1 to 10 draws, got ${values.length}`);
  const mean = average(values);
  const variance = average(values.map((value) => (value - mean) ** 2));
  const half = quantile * Math.sqrt(variance / freedom);
  return { mean, low: mean - half, high: mean + half };
}

export function average(values: readonly number[]): number {
  return sum(values) / values.length;
}
