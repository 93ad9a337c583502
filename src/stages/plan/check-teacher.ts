import { decisionLookup } from '../../data/classes.ts';
import type { Example } from '../../data/example.ts';
import { type Decisions, decisionsOf } from '../../debias/decisions.ts';
import { UserError } from '../../errors.ts';
import { createTeacherMeter } from '../../evaluate/teacher-judgement.ts';
import { counted } from '../../format.ts';
import { openTeacher } from '../../models/open-teacher.ts';
import { teacherKindOf } from '../../models/teachers/index.ts';
import { batchWarning } from './check-batches.ts';
import type { PlannedModels } from './decide.ts';
import type { RunToPlan } from './run-to-plan.ts';
import { answerSample, type SampleAnswers } from './sample-answers.ts';
import { tryPresets } from './try-presets.ts';

/** Findings about a teacher, each with what to do. */
export interface TeacherCheck {
  readonly warnings: readonly string[];
  /** Reasons to doubt its answers; Reconcile judges them on all labels. */
  readonly doubts: string[];
}

/**
 * Opens a user-supplied teacher and gives it some labeled examples, so that a teacher that does not
 * fit is found before anything is labeled.
 *
 * @param sample Labeled examples of every class.
 * @throws UserError if the teacher does not fit the task, or gives no answer.
 */
export async function checkTeacher(
  { data }: RunToPlan,
  { config, classes, features, teacher: { digest } }: PlannedModels,
  sample: readonly Example[],
): Promise<TeacherCheck> {
  if (config.teacher.train) return { warnings: [], doubts: [] };
  const decisions = decisionsOf(config.task, classes.length);
  const { teacher, features: fed } = await openTeacher({
    store: data,
    config: config.teacher,
    features,
    classes,
    multiLabel: config.task.multiLabel,
    digest,
  });
  try {
    const answers = await answerSample(teacher, fed, sample, decisions);
    requireAnswers(config, sample, answers);
    const lookup = decisionLookup(classes, decisions);
    const labelOf = (example: Example) => lookup(example.label);
    const trial = { teacher, config: config.teacher, student: features, features: fed, labelOf };
    const better = await tryPresets({ ...trial, decisions }, sample);
    const coupled = await batchWarning(teacher, fed, sample);
    const found = [better, coupled, unread(sample, answers), unanswered(answers), cut(answers)];
    const warnings = found.filter((warning) => warning !== undefined);
    return { warnings, doubts: judge(classes, decisions, answers, labelOf) };
  } finally {
    teacher.dispose();
  }
}

/** @throws UserError if the teacher can read few examples, or answers none. */
function requireAnswers(
  { teacher }: PlannedModels['config'],
  sample: readonly Example[],
  { examples, predictions, failure, rejected }: SampleAnswers,
): void {
  if (rejected && 2 * examples.length < sample.length) {
    throw new UserError(
      `the teacher can read ${examples.length} of ${counted(sample.length, 'labeled example')}; '${rejected.id}': ${rejected.reason}`,
      'Correct the data, or the section teacher of distill.yaml.',
    );
  }
  if (predictions.some((prediction) => prediction !== undefined)) return;
  throw new UserError(
    `the teacher gives no answer to any of ${counted(examples.length, 'labeled example')}, such as '${examples[0]!.id}'${because(failure)}`,
    teacherKindOf(teacher)!.isModel
      ? 'Check that it gets the input that it was trained with.'
      : 'Add predictions for labeled/, and for validation/ and test/ if they exist. The id of an example is its id column, or else its file and row.',
  );
}

function because(failure: string | undefined): string {
  return failure === undefined ? '' : `: ${failure}`;
}

function judge(
  classes: readonly string[],
  decisions: Decisions,
  { examples, predictions }: SampleAnswers,
  labelOf: (example: Example) => Int32Array | undefined,
): string[] {
  const meter = createTeacherMeter(classes, 'supplied', decisions);
  for (const [index, prediction] of predictions.entries()) {
    const label = labelOf(examples[index]!);
    if (prediction && label) meter.add(label, prediction);
  }
  return [...(meter.result()?.warnings ?? [])];
}

function unread(
  sample: readonly Example[],
  { examples, rejected }: SampleAnswers,
): string | undefined {
  if (rejected === undefined) return undefined;
  const found = `${sample.length - examples.length} of ${counted(sample.length, 'labeled example')}`;
  return `The teacher cannot read ${found} that Plan gave it, such as '${rejected.id}': ${rejected.reason}`;
}

function unanswered({ predictions, failure }: SampleAnswers): string | undefined {
  const missing = predictions.filter((prediction) => prediction === undefined).length;
  if (missing === 0) return undefined;
  const found = `${missing} of ${counted(predictions.length, 'labeled example')}`;
  return `The teacher gives no answer to ${found} that Plan gave it${because(failure)}.`;
}

/** Warns of texts of which the teacher reads only the start. */
export function cut({ predictions, truncated }: SampleAnswers): string | undefined {
  if (truncated === 0) return undefined;
  const all = counted(predictions.length, 'labeled example');
  return `The teacher reads only the start of ${truncated} of ${all} that Plan gave it: the texts are longer than its maximum number of tokens.`;
}
