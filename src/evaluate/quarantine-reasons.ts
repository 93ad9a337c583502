import { sum } from '../arrays.ts';
import { counted } from '../format.ts';
import type { RunMetrics } from './run-metrics.ts';

/**
 * Formats the reasons for quarantine, one per line.
 *
 * @param most Maximum number of reasons; the others are added up.
 * @example
 * reasonLines([{ reason: 'It has no label.', examples: 2 }]) // ['2 examples: It has no label.']
 */
export function reasonLines(
  reasons: readonly RunMetrics['quarantineReasons'][number][],
  most = 5,
): string[] {
  const shown = reasons.slice(0, most);
  const rest = sum(reasons.slice(most).map(({ examples }) => examples));
  return [
    ...shown.map(({ reason, examples }) => `${counted(examples, 'example')}: ${reason}`),
    ...(rest > 0 ? [`${counted(rest, 'example')}: other reasons`] : []),
  ];
}
