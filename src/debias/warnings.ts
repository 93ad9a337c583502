/**
 * Warnings about estimates that can be computed but are meaningless, because the teacher, the
 * student or the validation set carries little information. Each warning has the finding, its
 * consequence and a remedy.
 */
import { margins, predictions } from './margin.ts';
import { fewestJudged, type ValidationOutputs } from './validation.ts';
import { defaultNeighbors, defaultReading } from './weights.ts';

export interface Warning {
  /** Stable, for tests and filters. */
  readonly code: string;
  /** The finding and its consequence. */
  readonly message: string;
  /** The remedy. */
  readonly hint: string;
}

/** Below this number of mistakes, the distortion is mostly noise. */
const fewMistakes = 5;
/** Margins that differ by less carry no information in float32. */
const equalMargins = 1e-6;
/** Mean weights outside this range indicate a degenerate model. */
const usualMeanWeight = { low: 0.1, high: 2 };

/**
 * Finds what makes the weight estimates doubtful.
 *
 * @param neighbors k of the estimator.
 */
export function diagnose(
  outputs: ValidationOutputs,
  neighbors = defaultNeighbors(outputs.labels.length),
): Warning[] {
  if (outputs.labels.length === 0) {
    return [
      {
        code: 'validation-empty',
        message: 'The validation set has no examples, so no weight can be estimated.',
        hint: 'Add labeled examples to validation/, or raise data.validationShare.',
      },
    ];
  }
  return [
    ...diagnoseValidation(outputs, neighbors),
    ...diagnoseTeacher(outputs),
    ...diagnoseStudent(outputs),
  ];
}

function diagnoseValidation({ labels, classes }: ValidationOutputs, neighbors: number): Warning[] {
  const warnings: Warning[] = [];
  const n = labels.length;
  const only = onlyClass(labels);
  if (only !== undefined && n > 1) {
    warnings.push({
      code: 'validation-one-class',
      message: `All ${n} validation examples have class ${only} of ${classes}, so mistakes on the other classes cannot be seen.`,
      hint: 'Draw the validation set at random from the same source as the unlabeled examples.',
    });
  }
  if (n < fewestJudged) {
    warnings.push({
      code: 'validation-small',
      message: `The validation set has ${n} examples; below ${fewestJudged} the estimates are mostly noise.`,
      hint: 'Label more examples for validation/; a few hundred are enough.',
    });
  }
  if (neighbors > n) {
    warnings.push({
      code: 'neighbors-exceed-validation',
      message: `weights.neighbors is ${neighbors}, but the validation set has ${n} examples: every estimate averages all of them, and every weight is the same.`,
      hint: `Leave weights.neighbors out (its default here is ${defaultNeighbors(n)}) or set it well below ${n}.`,
    });
  }
  return warnings;
}

function diagnoseTeacher({ teacherProbabilities, labels, classes }: ValidationOutputs): Warning[] {
  const warnings: Warning[] = [];
  const n = labels.length;
  const teacherClasses = predictions(teacherProbabilities, classes);
  const mistakes = n - agreements(teacherClasses, labels);
  const only = onlyClass(teacherClasses);
  if (mistakes === 0) {
    warnings.push({
      code: 'teacher-no-mistakes',
      message: `The teacher is right on all ${n} validation examples, so there is nothing to correct: every weight is 1.`,
      hint: 'Check that the teacher was not trained on the validation set; if it was not, method: uniform gives the same student for less.',
    });
  } else if (mistakes === n) {
    warnings.push({
      code: 'teacher-all-wrong',
      message: `The teacher is wrong on all ${n} validation examples.`,
      hint: 'Check that teacher and data list the classes in the same order, and that the teacher gets the size, mean and std that it was trained with.',
    });
  } else if (mistakes < fewMistakes) {
    warnings.push({
      code: 'teacher-few-mistakes',
      message: `The teacher is wrong on ${mistakes} of ${n} validation examples; below ${fewMistakes} the distortion is mostly noise.`,
      hint: 'Label more examples for validation/.',
    });
  }
  if (only !== undefined && onlyClass(labels) === undefined) {
    warnings.push({
      code: 'teacher-collapsed',
      message: `The teacher gives every validation example class ${only}, so its labels teach nothing.`,
      hint: 'Check how the teacher was trained and how its input is prepared (teacher.size, mean, std, output).',
    });
  }
  const [low, high] = range(margins(teacherProbabilities, classes));
  if (n > 1 && high - low < equalMargins) {
    warnings.push({
      code: 'teacher-margins-equal',
      message: `The teacher's margin is ${high.toFixed(3)} on every validation example, so it cannot separate doubtful labels from sure ones.`,
      hint: 'Use a teacher that returns probabilities, not only its most likely class; check teacher.output.',
    });
  }
  return warnings;
}

function diagnoseStudent({ studentProbabilities, labels, classes }: ValidationOutputs): Warning[] {
  // With one class there is no chance level to compare with, and `diagnose` already warns about it.
  if (onlyClass(labels) !== undefined) return [];
  const studentClasses = predictions(studentProbabilities, classes);
  const only = onlyClass(studentClasses);
  if (only !== undefined) {
    return [
      {
        code: 'student-collapsed',
        message: `The student gives every validation example class ${only}, so its margins and losses carry no information about the teacher's mistakes.`,
        hint: 'Train longer before weighting (warmup.epochs), or lower student.learningRate.',
      },
    ];
  }
  const right = agreements(studentClasses, labels);
  const commonest = largestClass(labels, classes);
  if (right > commonest) return [];
  return [
    {
      code: 'student-no-better-than-chance',
      message: `The student is right on ${right} of ${labels.length} validation examples; always answering the commonest class is right on ${commonest}. Its margins and losses carry little information about the teacher's mistakes.`,
      hint: 'Train longer before weighting (warmup.epochs), or label more examples.',
    },
  ];
}

/**
 * Returns the warning about the mean weight of the unlabeled examples, if there is one. A
 * degenerate teacher or student can move it to the hundreds, or to 0.
 */
export function diagnoseMeanWeight(meanWeight: number): Warning | undefined {
  const { low, high } = usualMeanWeight;
  if (meanWeight >= low && meanWeight <= high) return undefined;
  const effect =
    meanWeight < low
      ? 'the unlabeled examples hardly count'
      : 'the unlabeled examples drown the labeled ones';
  return {
    code: 'mean-weight-unusual',
    message: `The mean weight of the unlabeled examples is ${meanWeight.toPrecision(3)}, outside ${low} to ${high}: ${effect}.`,
    hint: `Keep weights.bounds at [0, 1] and weights.reading at ${defaultReading}, and read the warnings on teacher and student.`,
  };
}

/** Returns the class of all examples, undefined if there are several. */
function onlyClass(classIndices: Int32Array): number | undefined {
  const first = classIndices[0];
  return classIndices.every((index) => index === first) ? first : undefined;
}

function agreements(a: Int32Array, b: Int32Array): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) if (a[i] === b[i]) count++;
  return count;
}

/** Returns the number of examples of the most common class. */
function largestClass(labels: Int32Array, classes: number): number {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]!++;
  return counts.reduce((largest, count) => Math.max(largest, count), 0);
}

function range(values: Float32Array): [low: number, high: number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}
