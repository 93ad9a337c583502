import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { classFinder, classLookup, readClasses } from './classes.ts';
import type { ReadConfig } from './config.ts';
import { cutShards } from './cut.ts';
import { type Example, isRejected } from './example.ts';
import { formats } from './formats/index.ts';
import { readExamples, readLabelsOnly } from './read.ts';
import { writeLabeled } from './write-labeled.ts';

/** Labels that people assigned to unlabeled examples. */
export interface Answers {
  /** Name of the file, for error messages. */
  readonly name: string;
  /** Text with a header that has `id` and `label`. A row without a label was not answered. */
  readonly csv: string;
}

/** Result of adding labels. */
export interface Added {
  readonly labels: number;
  readonly unanswered: number;
  /** Keys of the new files in labeled/. */
  readonly files: readonly string[];
}

/**
 * Copies the answered examples, with their labels, from unlabeled/ to labeled/. They also stay in
 * unlabeled/, so that its shards keep their labels of earlier runs. The same answers give the same
 * files.
 *
 * Reads unlabeled/ until all examples are found; memory holds the answered examples.
 *
 * @throws UserError, before anything is written, if the answers are not such a CSV, a label is not
 *   a class, two answers disagree or an example does not exist.
 */
export async function addLabels(
  data: ObjectStore,
  config: ReadConfig,
  answers: Answers,
): Promise<Added> {
  const classes = await readClasses(data, config.task);
  const spell = await spellingOf(data, config, classes);
  const { labels, unanswered } = parseAnswers(answers, classes);
  const examples = new Map<string, Example>();
  const { idsFromKeys } = formats[config.data.format];
  for await (const shard of cutShards(data, 'unlabeled', 'unlabeled/', config)) {
    // Ids from keys are unique, but a column may have an id twice.
    if (examples.size === labels.size && idsFromKeys) break;
    for await (const item of readExamples(data, shard, config)) {
      const label = labels.get(item.id);
      if (isRejected(item) || label === undefined) continue;
      if (examples.has(item.id)) throw sharedId(item.id, answers.name);
      examples.set(item.id, { ...item, label: spell(label) });
    }
  }
  const [missing] = [...labels.keys()].filter((id) => !examples.has(id));
  if (missing !== undefined) {
    throw new UserError(
      `${answers.name}: there is no example '${missing}' in ${data.location}/unlabeled/`,
      'Use the ids of label-next.csv, and the dataset of the run that wrote it.',
    );
  }
  const found = [...labels.keys()].map((id) => examples.get(id)!);
  const files = await writeLabeled(data, 'labeled', found, config);
  return { labels: found.length, unanswered, files };
}

/** Returns how labels are written: as labeled/ has them, by the name of the class or its index. */
async function spellingOf(
  data: ObjectStore,
  config: ReadConfig,
  classes: readonly string[],
): Promise<(name: string) => string> {
  const find = classFinder(classes);
  for await (const shard of cutShards(data, 'labeled', 'labeled/', config)) {
    for await (const item of readLabelsOnly(data, shard, config)) {
      const found = isRejected(item) ? undefined : find(item.label);
      if (found?.by === 'index') return (name) => String(classes.indexOf(name));
      if (found) return (name) => name;
    }
  }
  return (name) => name;
}

function sharedId(id: string, name: string): UserError {
  return new UserError(
    `${name}: two examples of unlabeled/ have the id '${id}', so its label could be of either`,
    'Give every example an id of its own, or remove the column of ids, and run again.',
  );
}

const rowSchema = z.object({ id: z.string().min(1), label: z.string() });

/** Returns the class per id, in the order of the file. */
function parseAnswers({ name, csv }: Answers, classes: readonly string[]) {
  const lookup = classLookup(classes);
  const labels = new Map<string, string>();
  let unanswered = 0;
  for (const [row, record] of readRecords(name, csv).entries()) {
    const line = `${name}, row ${row + 1}`;
    const answer = rowSchema.safeParse(record);
    if (!answer.success) {
      throw new UserError(`${line}: expected the columns id and label`, exampleOf(classes));
    }
    const { id, label } = answer.data;
    if (label === '') {
      unanswered++;
      continue;
    }
    const index = lookup(label);
    if (index === undefined) {
      const known = classes.slice(0, 10).join(', ');
      throw new UserError(`${line}: '${label}' is not a class`, `The classes: ${known}.`);
    }
    const given = classes[index]!;
    if ((labels.get(id) ?? given) !== given) {
      throw new UserError(`${line}: '${id}' has another label above`, 'Keep one of them.');
    }
    labels.set(id, given);
  }
  if (labels.size === 0) throw new UserError(`${name} has no label`, exampleOf(classes));
  return { labels, unanswered };
}

function readRecords(name: string, csv: string): unknown[] {
  try {
    return parse(csv, { bom: true, columns: true, trim: true, skip_empty_lines: true });
  } catch (error) {
    throw new UserError(
      `${name} is not a CSV file: ${(error as Error).message}`,
      'Save it as CSV.',
    );
  }
}

function exampleOf(classes: readonly string[]): string {
  return `Expected a header and rows:\n  id,label\n  an-id-of-unlabeled,${classes[0]}`;
}
