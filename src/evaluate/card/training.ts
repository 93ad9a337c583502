import type { Config } from '../../config/schema.ts';
import { count, counted } from '../../format.ts';
import { teacherKindOf } from '../../models/teachers/index.ts';
import { memberNames, membersOf } from '../../models/teachers/trained-kind.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { inlineCode } from './markdown.ts';

/** Facts about a training. */
interface Trained {
  readonly run: RunMetrics;
  readonly student: string;
  readonly config: Config;
}

/** Lists the data, the teacher, the method and the network of a student. */
export function trainingLines({ run, student, config }: Trained): string[] {
  const { labels, quarantined, students } = run;
  const { history, parameters } = students.find(({ variant }) => variant === student)!;
  const known = labels.labeled + labels.validation;
  return [
    `Data: ${counted(known, 'true label')}, ${counted(labels.unlabeled, 'unlabeled example')}, ${counted(labels.test, 'test example')}. ${quarantined === 0 ? 'No example was left out.' : `${counted(quarantined, 'example')} could not be used.`}`,
    teacherLine(config),
    `Method: \`${student}\`. The student has ${count(parameters)} trained numbers and learned for ${counted(history.length, 'epoch')}.`,
    `Network: ${inlineCode(JSON.stringify(config.student))}`,
    `Seed: ${config.seed}. \`runs/${run.run}/\` of the results has the report and all figures.`,
  ];
}

function teacherLine({ teacher }: Config): string {
  const members = membersOf(teacher);
  if (members.length > 0) {
    const names = memberNames(members).map((name) => `\`${name}\``);
    return `Teacher: ${names.join(', ')}, trained on the true labels.`;
  }
  const kind = teacherKindOf(teacher)?.name;
  const own = Object.entries(teacher).find(([field]) => field === kind)?.[1];
  return `Teacher: ${inlineCode(String(own))}, supplied by the user. Its terms of use apply to models that learned its answers: check that they allow yours.`;
}
