import type { Config } from '../config/schema.ts';

/** A set of true labels that the user does not keep for the test. */
export type TrainingSetName = 'labeled' | 'validation';

/** Config fields that decide which labels serve for what. */
export type LabelUseConfig = Pick<Config, 'folds' | 'validation'> & {
  readonly teacher: Pick<Config['teacher'], 'train' | 'calibrate'>;
};

/** Returns true if the teachers are trained by cross-fitting: each label also judges a teacher. */
export function isCrossFitted({ teacher, folds }: LabelUseConfig): boolean {
  return teacher.train !== undefined && folds > 1;
}

/**
 * Returns the sets whose labels measure the teacher's errors. By cross-fitting these are all labels
 * outside `test/`, unless the config holds `validation/` out.
 *
 * @param hasValidation whether there is a validation set.
 * @example judgingSets({ teacher: { train }, folds: 5 }, true); // ['labeled', 'validation']
 */
export function judgingSets(config: LabelUseConfig, hasValidation: boolean): TrainingSetName[] {
  if (!hasValidation) return ['labeled'];
  const isPooled = isCrossFitted(config) && config.validation !== 'held-out';
  return isPooled ? ['labeled', 'validation'] : ['validation'];
}

/** Returns true if the labels that judge the teacher are those that it did not learn. */
export function isJudgedHonestly(config: LabelUseConfig, hasValidation: boolean): boolean {
  return config.teacher.train === undefined || isCrossFitted(config) || hasValidation;
}

/**
 * Returns true if the teacher's probabilities are calibrated: the config wants it, and there are
 * labels that the teacher did not learn.
 */
export function calibratesTeacher(config: LabelUseConfig, hasValidation: boolean): boolean {
  return config.teacher.calibrate && isJudgedHonestly(config, hasValidation);
}

/** Returns the sets that a trained teacher learns: all that judge it, or the labeled set. */
export function learnedSets(config: LabelUseConfig, hasValidation: boolean): TrainingSetName[] {
  const judging = judgingSets(config, hasValidation);
  return judging.length > 1 ? judging : ['labeled'];
}
