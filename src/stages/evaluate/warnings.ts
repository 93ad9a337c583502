/** The warnings of a run, from all stages. */
import { kindOf } from '../../data/features/index.ts';
import { diagnoseMeanWeight } from '../../debias/warnings.ts';
import { labelWarnings } from '../../distill/copy-warnings.ts';
import { leakageWarning } from '../../evaluate/leakage.ts';
import type { RunMetrics } from '../../evaluate/run-metrics.ts';
import type { Job } from '../../run/job.ts';
import { needs } from '../../run/plan-file.ts';
import type { Reconciliation } from '../../run/reconcile-file.ts';

/** Warns of examples in several sets, and repeats the warnings of Plan and Reconcile. */
export function dataWarnings(
  job: Job,
  { copies, teacher }: Reconciliation,
  { leakage }: Pick<RunMetrics, 'leakage'>,
): string[] {
  const { sameness } = kindOf(job.plan.features);
  return [
    ...(leakage ? [leakageWarning(leakage, sameness)] : []),
    ...labelWarnings(job, copies),
    ...job.plan.warnings,
    ...(teacher?.warnings ?? []),
  ];
}

/** Warns of too few labels to estimate the weights, and of an unusual mean of the weights. */
export function weightWarnings(
  { plan }: Job,
  { validation }: Reconciliation,
  mean: number,
): string[] {
  const unusual = diagnoseMeanWeight(mean);
  return [
    ...(validation.isEnough || !needs(plan, 'validation') ? [] : [validation.description]),
    ...(unusual ? [`${unusual.message} ${unusual.hint}`] : []),
  ];
}

/** Warns that the student in use has no figures. @param problem Why it cannot be measured. */
export function currentWarning(problem: string): string {
  return `The student in use cannot be measured on this data, so that it does not decide whether the new one is published: ${problem}.`;
}

/** Warns that the student in use is from another dataset. @param location That dataset. */
export function otherDatasetWarning({ plan, data }: Job, location: string): string {
  return `The student in use of '${plan.dataset}' is from the dataset ${location}, and this run is from ${data.location}. If their data differ, give one of them a location of results of its own: --results.`;
}

/** Names the formats that students could not be saved in, each reason once. */
export function exportWarnings(students: RunMetrics['students']): string[] {
  const formats = new Map<string, Set<string>>();
  for (const record of students.flatMap(({ exports }) => exports)) {
    if (!('leftOut' in record)) continue;
    const names = formats.get(record.leftOut) ?? new Set();
    formats.set(record.leftOut, names.add(record.format));
  }
  return Array.from(
    formats,
    ([reason, names]) =>
      `The student has no ${[...names].join(', ')} file${names.size > 1 ? 's' : ''}: ${reason}.`,
  );
}
