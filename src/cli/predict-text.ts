import { reasonLines } from '../evaluate/quarantine-reasons.ts';
import { count, counted } from '../format.ts';
import type { PredictSummary } from '../predict/predict.ts';

/** Maximum number of classes whose predictions are counted one by one. */
const maxClasses = 20;

/** Summarizes predictions. @param out The file with them; undefined for standard output. */
export function renderPredicted(summary: PredictSummary, out: string | undefined): string {
  const { predicted, unusable, reasons } = summary;
  const classes = Object.entries(summary.classes);
  const shown = classes.slice(0, maxClasses).map(([name, found]) => `${name} ${count(found)}`);
  const more = classes.length > maxClasses ? [`${classes.length - maxClasses} more classes`] : [];
  return [
    `predicted: ${counted(predicted, 'example')}${out === undefined ? '' : `, in ${out}`}`,
    ...(out === undefined ? [] : [`classes: ${[...shown, ...more].join(', ')}`]),
    `unusable: ${unusable === 0 ? 'none' : counted(unusable, 'example')}`,
    ...reasonLines(reasons).map((line) => `  ${line}`),
  ].join('\n');
}
