import type { Handler } from './entry.ts';

/**
 * The function of every task of the workflow, by the name that its file has for it
 * (`${PlanFunction}`). Loaded when it is first called: a process starts with its own stage only.
 */
export const handlers = {
  Plan: () => import('./plan.ts'),
  TrainTeacher: () => import('./train-teacher.ts'),
  Label: () => import('./label.ts'),
  Reconcile: () => import('./reconcile.ts'),
  WarmUp: () => import('./warm-up.ts'),
  Weigh: () => import('./weigh.ts'),
  Train: () => import('./train.ts'),
  Evaluate: () => import('./evaluate.ts'),
  Publish: () => import('./publish.ts'),
  RecordFailure: () => import('./record-failure.ts'),
} satisfies Record<string, () => Promise<{ handler: Handler }>>;

export type TaskName = keyof typeof handlers;

// Object.keys forgets that the names are these.
export const taskNames = Object.keys(handlers) as TaskName[];
