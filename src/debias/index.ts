/**
 * The arithmetic of the methods, as pure functions on typed arrays. Loads no TensorFlow.
 */

export {
  type Calibration,
  type CalibrationExamples,
  calibrate,
  fitCalibration,
} from './calibration.ts';
export { fitProbabilityRight } from './correctness.ts';
export { type CrossFittedCalibration, crossFitCalibration } from './cross-fit-calibration.ts';
export { entropyWeight } from './entropy.ts';
export { type Subclasses, subclassTargets } from './lelp.ts';
export { margins, predictions } from './margin.ts';
export { type Mixing, slamMixing, topMask } from './slam.ts';
export { type ValidationOutputs, type ValidationPoints, validationPoints } from './validation.ts';
export {
  createWeightEstimator,
  defaultNeighbors,
  type Estimate,
  type EstimateColumns,
  type ReadingName,
  type WeightEstimator,
  type WeightOptions,
} from './weights.ts';
