/** Checks that the labels of examples are classes, and explains those that are not. */
import type { Decisions } from '../debias/decisions.ts';
import { UserError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { classFinder, decisionsFor, type FoundClass, labelFinder } from './classes.ts';
import { jsonList, namesInLabel } from './label-list.ts';
import { labelLook, lookDifference, normalizeLabel, numberSpelling } from './labels.ts';
import type { SetName } from './shard.ts';

/** A labeled example, as far as its label is checked. */
export interface WithLabel {
  readonly id: string;
  readonly label: string | undefined;
}

/**
 * Creates a function that returns the decisions of an example's label, [perExample], for all labels
 * of one run.
 *
 * @throws UserError, from that function, if the label is not a class or a list of classes, or if a
 *   class is an index and an earlier one was a name, or the reverse.
 */
export function labelChecker(
  classes: readonly string[],
  decisions: Decisions,
): (example: WithLabel, set: SetName) => Int32Array {
  const find = labelFinder(classes, decisions);
  const first: { [By in FoundClass['by']]?: string } = {};
  return (example, set) => {
    const found = find(example.label);
    if (found === undefined) throw unknownLabel(example, set, classes, decisions);
    for (const { by } of found) {
      first[by] ??= `'${example.label}' ('${example.id}' of the ${set} set)`;
    }
    if (first.name !== undefined && first.index !== undefined) {
      throw new UserError(
        `Some labels are names of classes, such as ${first.name}, and some are indices, such as ${first.index}.`,
        'Write all labels as names, or all as indices in task.classes.',
      );
    }
    return decisionsFor(found, decisions);
  };
}

/** Returns the error for a labeled example without a label, or whose label is not a class. */
export function unknownLabel(
  { id, label }: WithLabel,
  set: string,
  classes: readonly string[],
  decisions: Pick<Decisions, 'isMultiLabel'>,
): UserError {
  const shown = classes.slice(0, 20).join(', ') + (classes.length > 20 ? ', …' : '');
  const { problem, hint } = explain(label, classes, decisions);
  return new UserError(
    `The example '${id}' of the ${set} set ${problem}. The ${classes.length} classes: ${shown}.`,
    `${hint}Correct the label, or add the class to task.classes in distill.yaml.`,
  );
}

/** Predicate on what is wrong with a label, and sentences on the likely mistake. */
interface Explanation {
  readonly problem: string;
  readonly hint: string;
}

function explain(
  label: string | undefined,
  classes: readonly string[],
  { isMultiLabel }: Pick<Decisions, 'isMultiLabel'>,
): Explanation {
  if (label === undefined) return { problem: 'has no label', hint: '' };
  if (isMultiLabel) return explainList(label, classes);
  const problem = `has the label '${label}', which is not a class`;
  const names = namesInLabel(label) ?? [];
  const hint =
    areClasses(names, classes) && names.join() !== label
      ? 'If an example can have several classes, set task.multiLabel: true. '
      : likelyMistake(label, classes);
  return { problem, hint };
}

function explainList(label: string, classes: readonly string[]): Explanation {
  const names = namesInLabel(label);
  if (names === undefined) {
    const problem = `has the label '${label}', which is not a list of class names`;
    return { problem, hint: 'Expected ["a", "b"], or a;b, or [] for none. ' };
  }
  if (names.every(isFlag) && (names.length > 2 || names.length === classes.length)) {
    const problem = `has the label '${label}', which looks like a 0 or 1 per class`;
    return { problem, hint: 'Write the names of the classes that are 1, such as ["a", "b"]. ' };
  }
  // The finder accepts all other lists of classes.
  const name = names.find((each) => !areClasses([each], classes)) ?? label;
  const within = name === label ? '' : ` in '${label}'`;
  const problem = `has the label '${name}'${within}, which is not a class`;
  return { problem, hint: separatorHint(label, classes) ?? likelyMistake(name, classes) };
}

function isFlag(name: string): boolean {
  return /^(?:[01](?:\.0*)?|true|false)$/i.test(name);
}

function areClasses(names: readonly string[], classes: readonly string[]): boolean {
  const find = classFinder(classes);
  return names.length > 0 && names.every((name) => find(name) !== undefined);
}

/** Returns a sentence if a label is a list that is written otherwise. */
function separatorHint(label: string, classes: readonly string[]): string | undefined {
  if (jsonList(label) !== undefined) return undefined;
  if (/^\[.*\]$/s.test(label)) {
    return 'A list is JSON, with double quotes, as json.dumps writes it in Python. ';
  }
  const separator = [',', '|', ' '].find((one) =>
    areClasses(
      label.split(one).filter((name) => name.trim() !== ''),
      classes,
    ),
  );
  return separator && `Names are separated by semicolons, not by '${separator}'. `;
}

/** Length of a name above which it is a text rather than a mistyped class. */
const maxMistyped = 100;

function likelyMistake(label: string, classes: readonly string[]): string {
  const name = normalizeLabel(label);
  const other = classes.find((each) => labelLook(each) === labelLook(name));
  if (other !== undefined) return `It differs from '${other}' ${lookDifference(other, name)}. `;
  const numbers = classes.map(normalizeLabel).filter((each) => numberSpelling(each) !== undefined);
  if (numbers.length > 0 && /^\d+$/.test(name)) {
    return `A number is not an index here, because class names are numbers, such as '${numbers[0]}'. `;
  }
  const meant = name.length > maxMistyped ? undefined : nearest(name, classes);
  return meant === undefined ? '' : `The nearest class is '${meant}'. `;
}
