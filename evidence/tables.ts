/** The summaries as Markdown. */
import { defaultMethod, type MethodName, plainMethod } from '../src/debias/methods.ts';
import { slam } from '../src/debias/slam.ts';
import { weighted } from '../src/debias/weights.ts';
import { counted } from '../src/format.ts';
import { calibratedName, comparedMethods, softMethods, softName } from './compared.ts';
import type { LabelNextRow } from './label-next.ts';
import { markdown, percent, points, withSign } from './markdown.ts';
import { average, type CellSummary, type Estimate, estimate } from './summary.ts';

/** The students of a method with cross-fitted teachers, each with its name for readers. */
function crossFittedNames(method: MethodName): [key: string, name: string][] {
  const name = method === defaultMethod ? `${method} (default)` : method;
  const hard: [string, string] = [`cross-fitted/${method}`, name];
  if (!softMethods.includes(method)) return [hard];
  return [hard, [`cross-fitted/${softName(method)}`, `${method}, soft labels`]];
}

/** The names of arms and models for readers. */
const names: Readonly<Record<string, string>> = {
  'labels/logistic': 'labels alone, logistic regression',
  'labels/labels-only': 'labels alone, a student',
  'plain/teacher': 'one teacher',
  [`plain/${plainMethod}`]: 'plain, hard labels',
  [`plain/${softName(plainMethod)}`]: 'plain, soft labels',
  'split/teacher': 'a teacher of half of the labels',
  [`split/${weighted.name}`]: `${weighted.name}, half kept back`,
  [`split/${slam.name}`]: `${slam.name}, half kept back`,
  'cross-fitted/teacher': 'cross-fitted teachers',
  ...Object.fromEntries(comparedMethods.flatMap(crossFittedNames)),
  'mse/teacher': 'cross-fitted mse teachers',
  [`mse/${softName(plainMethod)}`]: `${plainMethod}, soft labels of mse teachers`,
  'mcmi/teacher': 'cross-fitted mcmi teachers',
  [`mcmi/${softName(plainMethod)}`]: `${plainMethod}, soft labels of mcmi teachers`,
  [`${calibratedName}/teacher`]: 'calibrated teachers',
  [`${calibratedName}/${defaultMethod}`]: `${defaultMethod}, calibrated teachers`,
  [`oracle/${plainMethod}`]: 'oracle',
  [`clean/${plainMethod}`]: 'clean',
};

/** The students in the plot: all that learned from a teacher, except the baseline. */
export const plotted = Object.entries(names).flatMap(([key, name]) =>
  key.startsWith('labels/') ||
  key.endsWith('/teacher') ||
  key === `plain/${plainMethod}` ||
  key === `clean/${plainMethod}`
    ? []
    : [{ key, name }],
);

const header = ['', 'accuracy', 'over plain hard', 'over plain soft', 'distance closed'];

export function cellTable({ methods, draws }: CellSummary): string {
  const rows = Object.entries(names).flatMap(([key, name]) => {
    const method = methods.find((one) => one.name === key);
    if (!method) return [];
    const { accuracy, overHard, overSoft, closed } = method;
    return [
      [
        method.draws < draws ? `${name} (${method.draws} of ${draws} draws)` : name,
        percent(accuracy),
        points(overHard),
        points(overSoft),
        closed === undefined ? '–' : `${(100 * closed).toFixed(0)}%`,
      ],
    ];
  });
  return markdown([header, ...rows]);
}

/** Describes the choices of `auto`. */
export function autoLine({ auto: { chosen, accuracy, best, worst } }: CellSummary): string {
  const times = Object.entries(chosen).map(([name, count]) => `${name} ${counted(count, 'time')}`);
  return (
    `\`auto\` chose ${times.join(', ')}: ${percent(accuracy)}; the best choice in each draw would have ` +
    `given ${percent(best)}, the worst ${percent(worst)}.`
  );
}

/** The differences that calibrated teachers make, cell by cell; empty if no cell has them. */
export function calibrationTable(cells: readonly CellSummary[]): string {
  const lines = cells.flatMap(({ problem, labels, calibration }) =>
    calibration.map(({ name, draws, accuracy, logLoss }) => [
      `${problem}, ${labels} labels, ${counted(draws, 'draw')}`,
      name,
      points(accuracy),
      interval(logLoss),
    ]),
  );
  const named = ['', 'model', 'accuracy, calibrated over not', 'log-loss, calibrated over not'];
  return lines.length > 0 ? markdown([named, ...lines]) : '';
}

function interval({ mean, low, high }: Estimate): string {
  const shown = (value: number) => withSign(value, 3);
  return Number.isNaN(low) ? shown(mean) : `${shown(mean)} (${shown(low)} to ${shown(high)})`;
}

export function labelNextTable(rows: readonly LabelNextRow[]): string {
  const lines = (['teacher', 'student'] as const).map((who) => {
    const accuracy = (when: 'before' | 'chosen' | 'random') =>
      percent(average(rows.map((row) => row[when][who])));
    const difference = estimate(rows.map(({ chosen, random }) => chosen[who] - random[who]));
    return [who, accuracy('before'), accuracy('random'), accuracy('chosen'), points(difference)];
  });
  const named = ['', 'before', '100 at random', '100 as named', 'named over random'];
  return rows.length > 0 ? markdown([named, ...lines]) : '';
}
