/** Files with the labels that people gave to unlabeled examples. */
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { Decisions } from '../debias/decisions.ts';
import { UserError } from '../errors.ts';
import { decisionLookup } from './classes.ts';
import { labelOfNames } from './label-list.ts';
import { fromSpreadsheet } from './spreadsheet-text.ts';

/** Labels that people assigned to unlabeled examples. */
export interface Answers {
  /** Name of the file, for error messages. */
  readonly name: string;
  /**
   * A CSV file with the columns `id` and `label`, or tasks that Label Studio has exported as JSON.
   * The cells of the CSV file may have the marks of `spreadsheet-text.ts`. A row without a label
   * was not answered.
   */
  readonly text: string;
}

/** One answer to one example. */
interface Answer {
  /** Position in the file, for error messages: "row 3". */
  readonly position: string;
  readonly id: string;
  /** Empty if the example was not answered. */
  readonly label: string;
  /** The cells of a CSV file with their marks: a `'` may also be a character of the text. */
  readonly written?: { readonly id: string; readonly label: string };
}

/** Parsed answers. */
export interface ParsedAnswers {
  /** Decisions per id, in the order of the file. */
  readonly labels: ReadonlyMap<string, Int32Array>;
  /** Ids as the file has them, with marks, by the id without marks; only those that differ. */
  readonly writtenIds: ReadonlyMap<string, string>;
  /** Number of rows without a label. */
  readonly unanswered: number;
}

/**
 * Parses answers.
 * @throws UserError if a label is not a class, or two answers to an example differ.
 */
export function parseAnswers(
  answers: Answers,
  classes: readonly string[],
  decisions: Decisions,
): ParsedAnswers {
  const lookup = decisionLookup(classes, decisions);
  const labels = new Map<string, Int32Array>();
  const writtenIds = new Map<string, string>();
  let unanswered = 0;
  for (const { position, id, label, written } of readAnswers(answers, classes, decisions)) {
    const where = `${answers.name}, ${position}`;
    if (label === '') {
      unanswered++;
      continue;
    }
    const given = lookup(label) ?? lookup(written?.label);
    if (given === undefined) throw notAClass(where, label, classes, decisions);
    if ((labels.get(id) ?? given).some((decision, index) => decision !== given[index])) {
      throw new UserError(`${where}: '${id}' has another label above`, 'Keep one of them.');
    }
    labels.set(id, given);
    if (written !== undefined && written.id !== id) writtenIds.set(id, written.id);
  }
  if (labels.size === 0) throw new UserError(`${answers.name} has no label`, exampleOf(classes));
  return { labels, writtenIds, unanswered };
}

function notAClass(
  where: string,
  label: string,
  classes: readonly string[],
  { isMultiLabel }: Decisions,
): UserError {
  const known = classes.slice(0, 10).join(', ');
  const [what, how] = isMultiLabel
    ? ['a list of classes', ' Write a;b, or [] for none.']
    : ['a class', ''];
  return new UserError(`${where}: '${label}' is not ${what}`, `The classes: ${known}.${how}`);
}

function readAnswers(
  answers: Answers,
  classes: readonly string[],
  { isMultiLabel }: Decisions,
): Answer[] {
  const isJson = /^\uFEFF?\s*[[{]/.test(answers.text);
  return isJson ? readTasks(answers, isMultiLabel) : readRows(answers, classes);
}

const rowSchema = z.object({ id: z.string().min(1), label: z.string() });

/** Columns of a CSV file of Label Studio. Its column `id` numbers the tasks, not the examples. */
const exportedRow = z.looseObject({ annotation_id: z.string(), annotator: z.string() });

function readRows({ name, text }: Answers, classes: readonly string[]): Answer[] {
  const records = readRecords(name, text);
  if (exportedRow.safeParse(records[0]).success) {
    throw new UserError(
      `${name} is a CSV file of Label Studio, without ids of examples`,
      exportHint,
    );
  }
  return records.map((record, index) => {
    const position = `row ${index + 1}`;
    const row = rowSchema.safeParse(record);
    if (row.success) {
      const { id, label } = row.data;
      return {
        position,
        id: fromSpreadsheet(id),
        label: fromSpreadsheet(label),
        written: row.data,
      };
    }
    throw new UserError(
      `${name}, ${position}: expected the columns id and label`,
      exampleOf(classes),
    );
  });
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

/** A region of an annotation; those of other tags than Choices have other values. */
const regionSchema = z.object({
  type: z.string(),
  value: z.object({ choices: z.array(z.string()).optional() }),
});
/** A task that Label Studio has exported as JSON. */
const taskSchema = z.object({
  data: z.object({ id: z.string().min(1) }),
  annotations: z.array(
    z.object({ was_cancelled: z.boolean().default(false), result: z.array(regionSchema) }),
  ),
});

/** Reads tasks of Label Studio: an answer per annotation that is not cancelled. */
function readTasks({ name, text }: Answers, isMultiLabel: boolean): Answer[] {
  return readJsonList(name, text).flatMap((value, index): Answer[] => {
    const task = taskSchema.safeParse(value);
    if (!task.success) {
      const [{ path, message }] = task.error.issues as [z.core.$ZodIssue];
      throw new UserError(
        `${name}, task ${index + 1}: ${path.join('.') || 'task'}: ${message}`,
        exportHint,
      );
    }
    const { data, annotations } = task.data;
    const answered = annotations.filter((annotation) => !annotation.was_cancelled);
    const position = `task ${index + 1}`;
    if (answered.length === 0) return [{ position, id: data.id, label: '' }];
    return answered.map(({ result }) => ({
      position,
      id: data.id,
      label: labelOf(result, isMultiLabel),
    }));
  });
}

/** Returns the label of an annotation. Without a choice, a multi-label example has no class. */
function labelOf(regions: readonly z.infer<typeof regionSchema>[], isMultiLabel: boolean): string {
  const choices = regions.flatMap(({ type, value }) =>
    type === 'choices' ? (value.choices ?? []) : [],
  );
  return isMultiLabel || choices.length > 1 ? labelOfNames(choices) : (choices[0] ?? '');
}

const exportHint =
  'Export the project from Label Studio as JSON (not as CSV or JSON-MIN), with the tasks of label-studio/tasks.json.';

function readJsonList(name: string, text: string): unknown[] {
  try {
    return z.array(z.unknown()).parse(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch {
    throw new UserError(`${name} is not a list of tasks of Label Studio`, exportHint);
  }
}
