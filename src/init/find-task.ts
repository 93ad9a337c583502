/** Finds the task in the labeled set: its classes, and the fields that depend on the examples. */
import { type ConfigInput, configSchema } from '../config/schema.ts';
import { looksContinuous, looksUnique } from '../data/class-check.ts';
import type { ReadConfig } from '../data/config.ts';
import { cutShards } from '../data/cut.ts';
import { isRejected } from '../data/example.ts';
import type { ColumnReport } from '../data/features/column-report.ts';
import { kinds, type Task, taskSchema } from '../data/features/index.ts';
import type { TaskSurvey } from '../data/features/kind.ts';
import { formats } from '../data/formats/index.ts';
import { emptiedWarnings, LeftOutFiles, leftOutWarnings } from '../data/left-out.ts';
import { readWithAnyLabel } from '../data/read.ts';
import { Quarantine } from '../distill/quarantine.ts';
import { UserError } from '../errors.ts';
import { reasonLines } from '../evaluate/quarantine-reasons.ts';
import { fixed } from '../format.ts';
import type { ObjectStore } from '../store/store.ts';
import { layout } from './layout.ts';
import type { Shape } from './suggest-columns.ts';
import { LabelSurvey } from './survey-labels.ts';

/**
 * Reads the labeled set, and completes the task.
 *
 * @param notes Receives what was found, and what cannot be used.
 * @throws UserError if the labels do not look like classes, or there are fewer than two.
 */
export async function findTask(
  store: ObjectStore,
  { kind, data, target, classNames, fields, isMultiLabel }: Shape,
  notes: string[],
): Promise<{ task: ConfigInput['task']; columns: readonly ColumnReport[] | undefined }> {
  const dataConfig = configSchema.shape.data.parse(data);
  const survey = kinds[kind].surveyTask(target, dataConfig);
  const taskOf = (classes: Task['classes'], several: boolean | undefined) =>
    taskSchema.parse({
      ...{ type: kinds[kind].task, classes, ...(several && { multiLabel: true }) },
      ...{ ...survey.fields(), ...fields },
    });
  // Reading needs only the class names that the files store; other names come from the labels.
  const config = { task: taskOf([...(classNames ?? ['0', '1'])], isMultiLabel), data: dataConfig };
  const { labels, usable, problems } = await surveyLabeled(store, config, target, survey);
  const found = labels.classes(config.data.missing, problems);
  const values = new Set(found);
  const uses = labels.isMultiLabel ? labels.uses : usable;
  if (looksContinuous(values) || (survey.columns && looksUnique(values, uses))) {
    throw notClasses(target, values, usable);
  }
  if (labels.isMultiLabel && found.join() === '0,1') throw flagsFound(target);
  const classes = await chooseClasses(store, found, classNames, problems);
  notes.push(...problems);
  if (classes === 'classes.json') notes.push('The class names are in classes.json.');
  notes.push(describeLabels(labels, found.length));
  const table = survey.columns?.();
  notes.push(...(table?.warnings ?? []).map((warning) => `Note: ${warning}.`));
  return { task: taskOf(classes, labels.isMultiLabel), columns: table?.columns };
}

function describeLabels({ isMultiLabel, examples, uses }: LabelSurvey, classes: number): string {
  if (!isMultiLabel) return `${examples} labeled examples of ${classes} classes.`;
  const mean = fixed(uses / Math.max(examples, 1), 1);
  return `${examples} labeled examples with lists of ${classes} classes, ${mean} per example.`;
}

/** The labels of the labeled set, its usable examples, and sentences on what cannot be used. */
interface SurveyedLabels {
  readonly labels: LabelSurvey;
  readonly usable: number;
  readonly problems: string[];
}

/**
 * Reads the labeled set.
 * @param survey Receives the content of every usable example.
 */
async function surveyLabeled(
  store: ObjectStore,
  config: ReadConfig,
  target: string,
  survey: Pick<TaskSurvey<unknown>, 'add'>,
): Promise<SurveyedLabels> {
  const labels = new LabelSurvey(config.task.multiLabel);
  const quarantine = new Quarantine();
  const leftOut = new LeftOutFiles('labeled');
  for await (const shard of cutShards(store, 'labeled', 'labeled/', config, leftOut)) {
    for await (const example of readWithAnyLabel(store, shard, config)) {
      if (isRejected(example)) {
        quarantine.add(example);
        continue;
      }
      quarantine.usable++;
      labels.add(example.label, target);
      await survey.add(example.content);
    }
  }
  const format = formats[config.data.format];
  const problems = [
    ...leftOutWarnings(leftOut.finish(), format),
    ...emptiedWarnings('labeled', leftOut.emptied, format),
    ...reasonLines(quarantine.reasons()).map((line) => `Cannot be used: ${line}`),
  ];
  // A class must not vanish because its images have to be converted first.
  const emptied = format.foldersAreClasses ? leftOut.emptied : [];
  for (const { folder, hasImages } of emptied) if (hasImages) labels.add(folder, target, 0);
  return { labels, usable: quarantine.usable, problems };
}

function notClasses(target: string, labels: ReadonlySet<string>, examples: number): UserError {
  const some = [...labels].slice(0, 3).join(', ');
  return new UserError(
    `The class is taken from "${target}", which has ${labels.size} different values in ${examples} examples, such as ${some}: it does not look like a class.`,
    'Rename the column of the class to "label", or write distill.yaml by hand.',
  );
}

function flagsFound(target: string): UserError {
  return new UserError(
    `The labels in "${target}" are lists of 0 and 1, as of a 0 or 1 per class.`,
    'Write the names of the classes that are 1, such as ["a", "b"]. If 0 and 1 are the classes, write distill.yaml by hand.',
  );
}

/** Returns classes.json if it exists, otherwise the names in the files or the labels. */
async function chooseClasses(
  store: ObjectStore,
  names: string[],
  namesInFiles: readonly string[] | undefined,
  problems: readonly string[],
): Promise<Task['classes']> {
  if (await store.head('classes.json')) return 'classes.json';
  if (names.length >= 2) return namesInFiles ? [...namesInFiles] : names;
  const problem =
    names.length === 0
      ? 'The labeled set has no labels.'
      : `All examples of the labeled set have the same label, "${names[0]}".`;
  throw new UserError(
    [problem, ...problems].join('\n'),
    `At least two classes are needed. Expected:\n\n${layout}`,
  );
}
