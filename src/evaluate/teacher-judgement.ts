/**
 * Judges a teacher on examples whose labels it has not learned: its accuracy with interval, and
 * whether it is worth distilling. Chance is 1 / classes.
 *
 * A user-supplied teacher may have the classes in another order. The best order is the assignment
 * that makes most answers right. Each half of the examples is judged by the order found on the
 * other half, because the best of many orders fits any labels somewhat.
 */
import { sum } from '../arrays.ts';
import type { Decisions } from '../debias/decisions.ts';
import { counted, percent } from '../format.ts';
import type { TeacherAccuracy } from '../run/reconcile-file.ts';
import { largestAssignment } from './assignment.ts';
import { createLabelMeter } from './label-judgement.ts';
import type { Interval } from './schema.ts';
import type { TeacherMeter } from './teacher-meter.ts';
import { wilsonInterval } from './wilson.ts';

/** Above this number of classes, no other order is looked for: it would take too long. */
const maxOrdered = 1_000;
/** Below this number of labels, an interval that includes chance gives no warning. */
const fewLabels = 20;
/** Classes listed in a warning. */
const maxListed = 60;

/** Origin of a teacher, which decides what may be wrong with it. */
export type TeacherOrigin = 'supplied' | 'trained here';

/** Creates an accumulator. Memory: 8 bytes per pair of classes, for up to 1,000 classes. */
export function createTeacherMeter(
  classes: readonly string[],
  origin: TeacherOrigin,
  { isMultiLabel }: Pick<Decisions, 'isMultiLabel'>,
): TeacherMeter {
  if (isMultiLabel) return createLabelMeter(classes.length, advice[origin]);
  const n = classes.length;
  const size = origin === 'supplied' && n <= maxOrdered ? n * n : 0;
  // Answers, [predictions, labels]: of every second example of a class, and of the others.
  const halves = [new Int32Array(size), new Int32Array(size)] as const;
  const support = new Int32Array(n);
  let examples = 0;
  let right = 0;
  return {
    add(decided, predictions) {
      const [label, prediction] = [decided[0]!, predictions[0]!];
      const half = halves[support[label]! % 2]!;
      if (size > 0) half[prediction * n + label]! += 1;
      support[label]! += 1;
      examples++;
      if (label === prediction) right++;
    },
    result() {
      if (examples === 0) return undefined;
      const accuracy = wilsonInterval(right, examples);
      const most = support.reduce((a, b) => Math.max(a, b));
      const order = size > 0 ? betterOrder(halves, n, right, examples, most) : undefined;
      if (order) {
        return {
          examples,
          accuracy,
          warnings: [describeOrder(order, classes, accuracy, examples)],
        };
      }
      const commonest = { name: classes[support.indexOf(most)]!, share: most / examples };
      const doubt = doubtOf(accuracy, examples, n, commonest);
      return { examples, accuracy, warnings: doubt ? [`${doubt} ${advice[origin]}`] : [] };
    },
  };
}

/**
 * Describes a teacher's accuracy for the user.
 *
 * @param teacher its accuracy on the labels of `sets`.
 */
export function describeAccuracy({
  accuracy: { value, low, high },
  examples,
  decisions,
  sets,
  beforeCalibration,
}: TeacherAccuracy): string {
  const who = beforeCalibration ? 'Before calibration, the teacher' : 'The teacher';
  const what =
    decisions === undefined
      ? counted(examples, 'label')
      : `${counted(decisions, 'decision')} about the labels of ${counted(examples, 'example')}`;
  return `${who} is right on ${percent(value)} (${percent(low)} to ${percent(high)}) of ${what} in ${sets.map((set) => `${set}/`).join(' and ')}.`;
}

const advice: Record<TeacherOrigin, string> = {
  supplied:
    'Check the order of task.classes, and that the teacher gets the input it was trained with.',
  'trained here':
    'Check the labels, and that the examples show the classes. More labels or another teacher.train may help.',
};

/**
 * Returns why a teacher may not be worth distilling, or undefined if no reason is found.
 *
 * @param commonest The most frequent class, with its share of the examples.
 */
function doubtOf(
  { value, low, high }: Interval,
  examples: number,
  classes: number,
  commonest: { readonly name: string; readonly share: number },
): string | undefined {
  const chance = 1 / classes;
  const found = `The teacher is right on ${percent(value)} (${percent(low)} to ${percent(high)}) of ${counted(examples, 'label')}`;
  if (value <= chance || (examples >= fewLabels && low <= chance)) {
    return `${found}, which is not clearly better than guessing (${percent(chance)}).`;
  }
  if (value > commonest.share || commonest.share === 1) return undefined;
  return `${found}, which is no better than always answering ${commonest.name} (${percent(commonest.share)}).`;
}

/** Order of the classes that explains the labels better. */
interface Order {
  /** Class of each output of the teacher, [classes]. */
  readonly classOf: Int32Array;
  /** Examples that are right in this order. */
  readonly right: number;
}

/** Returns the best order of the classes, if it is right on clearly more examples. */
function betterOrder(
  halves: readonly [Int32Array, Int32Array],
  n: number,
  right: number,
  examples: number,
  commonest: number,
): Order | undefined {
  const [first, second] = halves;
  const elsewhere =
    rightIn(second, bestOrder(first, n), n) + rightIn(first, bestOrder(second, n), n);
  if (elsewhere <= commonest) return undefined;
  if (wilsonInterval(elsewhere, examples).low <= wilsonInterval(right, examples).high)
    return undefined;
  const all = first.map((count, index) => count + second[index]!);
  const classOf = bestOrder(all, n);
  return { classOf, right: rightIn(all, classOf, n) };
}

/** Finds the order with most right answers; of equal ones, that with most classes in place. */
function bestOrder(counts: Int32Array, n: number): Int32Array {
  const gains = Float64Array.from(counts, (count, index) => {
    const isInPlace = index % (n + 1) === 0;
    return count * (n + 1) + (isInPlace ? 1 : 0);
  });
  return largestAssignment(gains, n);
}

function rightIn(counts: Int32Array, classOf: Int32Array, n: number): number {
  return sum(Array.from(classOf, (label, output) => counts[output * n + label]!));
}

function describeOrder(
  { classOf, right }: Order,
  classes: readonly string[],
  { value }: Interval,
  examples: number,
): string {
  const names = Array.from(classOf, (index) => classes[index]!);
  const listed = names.slice(0, maxListed).join(', ');
  const asTexts = [...classes].sort();
  const isText = names.every((name, index) => name === asTexts[index]);
  return (
    `The teacher seems to have the classes in another order than task.classes${isText ? ': sorted as texts, as ImageFolder and Keras sort folders' : ''}. ` +
    `It is right on ${percent(value)} of ${counted(examples, 'label')}, and on ${percent(right / examples)} in this order: ` +
    `set task.classes: [${listed}${names.length > maxListed ? ', …' : ''}].`
  );
}
