/**
 * Plain distillation (Hinton, Vinyals and Dean 2015): the student learns the teacher's labels as
 * they are. The baseline of all other methods.
 */
import type { Method } from './method.ts';

export const uniform = {
  name: 'uniform',
  labels: 'either',
  needs: [],
  correct: () => ({}),
} as const satisfies Method;
