import { count } from '../format.ts';
import type { CalibrationFile } from '../run/calibration-file.ts';

/**
 * Describes for people what the calibration changes.
 *
 * @param isMultiLabel Whether the examples of the fit are decisions about labels.
 */
export function describeCalibration(
  { penalty, examples, logLoss, right }: CalibrationFile,
  isMultiLabel: boolean,
): string {
  const used = `${count(examples)} ${isMultiLabel ? 'decisions' : 'labels'}`;
  if (penalty === undefined) {
    return `The teacher's probabilities stay as they are: on ${used}, calibration is not clearly better out of fold.`;
  }
  const what = penalty === null ? "The teacher's confidence" : "The teacher's confidence per class";
  return (
    `${what} is calibrated: on ${used}, out of fold, the log-loss falls from ` +
    `${logLoss.before.toFixed(3)} to ${logLoss.after.toFixed(3)}, and ${count(right.after)} ` +
    `predictions are right instead of ${count(right.before)}.`
  );
}
