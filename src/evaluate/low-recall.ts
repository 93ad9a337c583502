import { count, percent } from '../format.ts';
import { mainMetric } from './main-metric.ts';
import type { RunMetrics } from './run-metrics.ts';

/** A class is warned about if its recall is below this share of the mean recall. */
const lowShare = 0.5;
/** Maximum number of classes with a warning of their own. */
const maxWarnings = 5;

/**
 * Warns about each class of which a student finds far fewer examples than of the others: its recall
 * is below half of the mean over the classes.
 *
 * @param student Name of the student's row.
 */
export function lowRecallWarnings(
  { classes, metrics, evaluatedOn }: Pick<RunMetrics, 'classes' | 'metrics' | 'evaluatedOn'>,
  student: string,
): string[] {
  const { recall, macroRecall } = metrics.models[student]!;
  const nouns = mainMetric(metrics);
  const low = classes.flatMap((name, index) => {
    const value = recall[index]?.value;
    if (value === undefined || value >= lowShare * macroRecall.value) return [];
    return [{ name, value, examples: metrics.support[index]! }];
  });
  const shown = low
    .slice(0, maxWarnings)
    .map(
      ({ name, value, examples }) =>
        `The ${student} student finds ${count(value * examples)} of the ${count(examples)} ${evaluatedOn} examples of ` +
        `${nouns.oneClass} ${name}: a recall of ${percent(value)}, less than half of the mean over the ${nouns.classes}, ` +
        `${percent(macroRecall.value)}. Label more examples of ${name}.`,
    );
  const rest = low.slice(maxWarnings).map(({ name }) => name);
  if (rest.length === 0) return shown;
  return [
    ...shown,
    `The recall of ${count(rest.length)} more ${nouns.classes} is less than half of the mean: ${rest.slice(0, 20).join(', ')}${rest.length > 20 ? ' …' : ''}.`,
  ];
}
