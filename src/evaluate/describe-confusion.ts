import { count, counted } from '../format.ts';
import type { RunMetrics } from './run-metrics.ts';

/**
 * Describes the largest confusions of a model, each of several examples, with the teacher's.
 *
 * @example
 * confusionSentences(run, 'relabel')
 * // ['24 of the 99 test examples of class 9 are taken for 4; by the teacher, 11.']
 */
export function confusionSentences(run: RunMetrics, model: string, most = 5): string[] {
  return describedConfusions(run, model, most).map(({ text }) => text);
}

/** A confusion of two classes, by their indices, with its sentence. */
interface DescribedConfusion {
  readonly text: string;
  readonly truth: number;
  readonly predicted: number;
}

/** Describes the largest confusions of a model, with their classes. */
export function describedConfusions(
  { confusion, classes, metrics, evaluatedOn }: RunMetrics,
  model: string,
  most = 5,
): DescribedConfusion[] {
  const teacher = model === 'teacher' ? undefined : confusion?.teacher?.counts;
  return (confusion?.[model]?.largest ?? [])
    .filter(({ examples }) => examples > 1)
    .slice(0, most)
    .map(({ truth, predicted, examples }) => {
      const of = counted(metrics.support[truth]!, `${evaluatedOn} example`);
      const compared = teacher ? `; by the teacher, ${count(teacher[truth]![predicted]!)}` : '';
      const text = `${count(examples)} of the ${of} of class ${classes[truth]} are taken for ${classes[predicted]}${compared}.`;
      return { text, truth, predicted };
    });
}
