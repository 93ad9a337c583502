import { foldOf } from '../data/folds.ts';
import type { SetName } from '../data/shard.ts';
import type { Calibration } from '../debias/calibration.ts';
import { type CalibrationFile, calibrationFileSchema } from '../run/calibration-file.ts';
import type { Job } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { calibrationFolds, isCalibrated } from '../run/plan-file.ts';
import { readJson } from '../store/once.ts';

/** Reads the calibration of the teacher; undefined if the plan has none. */
export async function readCalibration({
  plan,
  results,
}: Job): Promise<CalibrationFile | undefined> {
  if (!isCalibrated(plan)) return undefined;
  const { digest, labels } = plan.teacher;
  return readJson(results, keys.calibration(digest, labels), calibrationFileSchema);
}

/**
 * Returns the calibration of each example of a set, by its id. An example whose label was used is
 * calibrated by the fit of the other folds, so that its label judges the teacher honestly.
 */
export function calibrationFor(
  { plan }: Job,
  set: SetName,
  { whole, folds }: CalibrationFile,
): (id: string) => Calibration {
  if (!plan.validatedOn.some((judging) => judging === set)) return () => whole;
  const split = calibrationFolds(plan);
  return (id) => folds[foldOf(id, split)]!;
}
