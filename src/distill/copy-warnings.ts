import { kindOf } from '../data/features/index.ts';
import { describeCopies } from '../evaluate/leakage.ts';
import { count, counted } from '../format.ts';
import type { Job } from '../run/job.ts';
import type { Copies } from '../run/reconcile-file.ts';

/** Warns of test examples in the sets with labels, before the students are trained. */
export function* copyWarnings(job: Job, copies: Copies): Iterable<string> {
  const { sameness } = kindOf(job.plan.features);
  const { examples, of, first } = copies.test;
  if (examples > 0) {
    const others = copies.validation.of > 0 ? ['labeled', 'validation'] : ['labeled'];
    const found = describeCopies(examples, of, 'test', sameness, others);
    yield `${found}, such as '${first}'. The figures of this run will be too good.`;
  }
  yield* labelWarnings(job, copies);
}

/** Warns of validation examples in the labeled set, and of labels that contradict each other. */
export function* labelWarnings({ plan }: Job, copies: Copies): Iterable<string> {
  const { sameness } = kindOf(plan.features);
  const { validation, contradicting } = copies;
  if (validation.examples > 0) {
    const { examples, of, first } = validation;
    const found = describeCopies(examples, of, 'validation', sameness, ['labeled']);
    yield `${found}, such as '${first}': the teacher looks better on them than it is.`;
  }
  if (contradicting.examples > 0) {
    const { examples, of, first } = contradicting;
    yield `${count(examples)} of ${counted(of, 'labeled example')} ` +
      `${examples === 1 ? 'has' : 'have'} another class than an equal one before, such as ` +
      `'${first}': look at their labels.`;
  }
}
