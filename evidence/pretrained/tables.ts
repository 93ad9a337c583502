/** The results of the experiment on texts and encoders as Markdown. */
import { counted } from '../../src/format.ts';
import { markdown, percent, points } from '../markdown.ts';
import { average, cellsOf, type Estimate, estimate } from '../summary.ts';
import type { PretrainedRow } from './row.ts';

const header = [
  ...['teacher', 'student', 'teacher alone', 'plain', 'default'],
  ...['default over plain', 'default over its teacher'],
];

/** Writes one section per cell, by problem and number of labels. */
export function pretrainedSections(rows: readonly PretrainedRow[]): string {
  const cells = cellsOf(rows).toSorted(
    ([a], [b]) => a!.problem.localeCompare(b!.problem) || a!.labels - b!.labels,
  );
  const sections = cells.map((draws) => {
    const { problem, labels } = draws[0]!;
    const title = `### ${problem}, ${counted(labels, 'label')}, ${counted(draws.length, 'draw')}`;
    return [title, studentTable(draws), referenceTable(draws)].join('\n\n');
  });
  return sections.join('\n\n');
}

/** One line per teacher and student. */
function studentTable(draws: readonly PretrainedRow[]): string {
  const lines = namesOf(draws).flatMap((name) => {
    const [teacher, student, training] = name.split('/');
    if (training !== 'default') return [];
    const plain = `${teacher}/${student}/plain`;
    return [
      [
        ...[teacher!, student!],
        ...[`${teacher}/teacher`, plain, name].map((one) => shown(draws, one)),
        points(difference(draws, name, plain)),
        points(difference(draws, name, `${teacher}/teacher`)),
      ],
    ];
  });
  return markdown([header, ...lines]);
}

/** One line per model that learns true labels only. */
function referenceTable(draws: readonly PretrainedRow[]): string {
  const texts = { labels: 'the labels alone', clean: 'the true labels of all examples' };
  const lines = namesOf(draws).flatMap((name) => {
    const [learned, model] = name.split('/');
    if (learned !== 'labels' && learned !== 'clean') return [];
    return [[texts[learned], model!, shown(draws, name)]];
  });
  return markdown([['learned', 'model', 'accuracy'], ...lines]);
}

/** Lists the models that every draw has. */
function namesOf([first, ...others]: readonly PretrainedRow[]): string[] {
  const names = Object.keys(first!.accuracy);
  return names.filter((name) => others.every(({ accuracy }) => name in accuracy));
}

function shown(draws: readonly PretrainedRow[], name: string): string {
  return percent(average(draws.map(({ accuracy }) => accuracy[name]!)));
}

function difference(draws: readonly PretrainedRow[], name: string, base: string): Estimate {
  return estimate(draws.map(({ accuracy }) => accuracy[name]! - accuracy[base]!));
}
