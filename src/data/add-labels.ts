import { type Decisions, decidedClasses, decisionsOf } from '../debias/decisions.ts';
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { type Answers, type ParsedAnswers, parseAnswers } from './answers.ts';
import { labelFinder, readClasses } from './classes.ts';
import type { ReadConfig } from './config.ts';
import { cutShards } from './cut.ts';
import { type AnsweredExample, withoutEarlier } from './earlier-answers.ts';
import { type Example, isRejected } from './example.ts';
import { formats } from './formats/index.ts';
import { jsonList, labelOfNames, withSemicolons } from './label-list.ts';
import { readExamples, readLabelsOnly } from './read.ts';
import { writeLabeled } from './write-labeled.ts';

/** Result of adding labels. */
export interface Added {
  /** Labels that were added. */
  readonly labels: number;
  /** Labels that earlier answers had added. */
  readonly known: number;
  /** Rows without a label. */
  readonly unanswered: number;
  /** Keys of the new files in labeled/. */
  readonly files: readonly string[];
}

/**
 * Copies the answered examples, with their labels, from unlabeled/ to labeled/. They also stay in
 * unlabeled/, so that its shards keep their labels of earlier runs. Answers that were added before
 * are not added again.
 *
 * Reads unlabeled/ until all examples are found; memory holds the answered examples.
 *
 * @throws UserError, before anything is written, if the answers cannot be read, a label is not
 *   a class, two answers disagree, also with earlier ones, or an example does not exist.
 */
export async function addLabels(
  data: ObjectStore,
  config: ReadConfig,
  answers: Answers,
): Promise<Added> {
  const classes = await readClasses(data, config.task);
  const decisions = decisionsOf(config.task, classes.length);
  const spell = await spellingOf(data, config, classes, decisions);
  const { name } = answers;
  const parsed = parseAnswers(answers, classes, decisions);
  const { unanswered } = parsed;
  const given = await findAnswered(data, config, parsed, name);
  const added = await withoutEarlier(data, config, given, { classes, decisions, name });
  const labeled = added.map(({ example, decided }) => ({ ...example, label: spell(decided) }));
  const files = labeled.length > 0 ? await writeLabeled(data, 'labeled', labeled, config) : [];
  return { labels: labeled.length, known: given.length - labeled.length, unanswered, files };
}

/**
 * Finds the answered examples in unlabeled/.
 * @throws UserError if one does not exist, shares its id, or has two answers.
 */
async function findAnswered(
  data: ObjectStore,
  config: ReadConfig,
  { labels, writtenIds }: ParsedAnswers,
  name: string,
): Promise<AnsweredExample[]> {
  const ids = [...labels.keys()];
  const wanted = new Set([...ids, ...writtenIds.values()]);
  const examples = new Map<string, Example>();
  const { idsFromKeys } = formats[config.data.format];
  for await (const shard of cutShards(data, 'unlabeled', 'unlabeled/', config)) {
    // Ids from keys are unique, but a column may have an id twice.
    if (idsFromKeys && ids.every((id) => examples.has(id))) break;
    for await (const item of readExamples(data, shard, config)) {
      if (isRejected(item) || !wanted.has(item.id)) continue;
      if (examples.has(item.id)) throw sharedId(item.id, name);
      examples.set(item.id, item);
    }
  }
  const answered = new Set<Example>();
  return Array.from(labels, ([id, decided]) => {
    const example = examples.get(id) ?? examples.get(writtenIds.get(id) ?? id);
    if (example === undefined) throw unknownId(id, name, data);
    if (answered.has(example)) throw answeredTwice(example.id, name);
    answered.add(example);
    return { example, decided };
  });
}

/** Converts decisions, [perExample], to a label. */
type Spelling = (decided: Int32Array) => string;

/**
 * Returns how labels are written: as labeled/ has them, by the name of the class or its index, and
 * in a multi-label task as JSON or with semicolons.
 */
async function spellingOf(
  data: ObjectStore,
  config: ReadConfig,
  classes: readonly string[],
  decisions: Decisions,
): Promise<Spelling> {
  const { by, label = '' } = await firstLabel(data, config, classes, decisions);
  const spell = (index: number) => (by === 'index' ? index : classes[index]!);
  const names = (decided: Int32Array) => decidedClasses(decided, decisions).map(spell);
  if (!decisions.isMultiLabel) return (decided) => String(names(decided)[0]);
  if (jsonList(label) !== undefined) return (decided) => labelOfNames(names(decided));
  return (decided) => withSemicolons(labelOfNames(names(decided)));
}

/** Returns the first label of labeled/ that has a class, and whether it is a name or an index. */
async function firstLabel(
  data: ObjectStore,
  config: ReadConfig,
  classes: readonly string[],
  decisions: Decisions,
): Promise<{ readonly by?: 'name' | 'index'; readonly label?: string | undefined }> {
  const find = labelFinder(classes, decisions);
  for await (const shard of cutShards(data, 'labeled', 'labeled/', config)) {
    for await (const item of readLabelsOnly(data, shard, config)) {
      const [found] = isRejected(item) ? [] : (find(item.label) ?? []);
      if (found && !isRejected(item)) return { by: found.by, label: item.label };
    }
  }
  return {};
}

function unknownId(id: string, name: string, data: ObjectStore): UserError {
  return new UserError(
    `${name}: there is no example '${id}' in ${data.location}/unlabeled/`,
    'Use the ids of label-next.csv, and the dataset of the run that wrote it.',
  );
}

function answeredTwice(id: string, name: string): UserError {
  return new UserError(
    `${name}: two rows label the example '${id}', one of them with another ' before its id`,
    'Keep one of them.',
  );
}

function sharedId(id: string, name: string): UserError {
  return new UserError(
    `${name}: two examples of unlabeled/ have the id '${id}', so its label could be of either`,
    'Give every example an id of its own, or remove the column of ids, and run again.',
  );
}
