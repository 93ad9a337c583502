/** The stages of the workflow. Each row loads its code when it is first called. */
import { failureEvent, jobEvent, shardEvent, variantEvent } from '../run/events.ts';
import { entry, type Handler } from './entry.ts';

/**
 * The handler of every task of the workflow, by the name that its file has for it
 * (`${PlanFunction}`). A process starts with the code of its own stage only.
 */
export const handlers = {
  Plan: async () => entry('Plan', jobEvent, (await import('./plan.ts')).plan),
  TrainTeacher: async () =>
    entry('Train teacher', jobEvent, (await import('./train-teacher.ts')).trainTeacher),
  Label: async () => entry('Label', shardEvent, (await import('./label.ts')).labelShard),
  Reconcile: async () => entry('Reconcile', jobEvent, (await import('./reconcile.ts')).reconcile),
  WarmUp: async () => entry('Warm up', jobEvent, (await import('./warm-up.ts')).warmUp),
  Weigh: async () => entry('Weigh', shardEvent, (await import('./weigh.ts')).weighShard),
  Train: async () => entry('Train', variantEvent, (await import('./train.ts')).trainVariant),
  Evaluate: async () => entry('Evaluate', jobEvent, (await import('./evaluate.ts')).evaluate),
  Publish: async () => entry('Publish', jobEvent, (await import('./publish.ts')).publish),
  RecordFailure: async () =>
    entry('Record failure', failureEvent, (await import('./record-failure.ts')).recordFailure),
} satisfies Record<string, () => Promise<Handler>>;

export type TaskName = keyof typeof handlers;

// Object.keys forgets that the names are these.
export const taskNames = Object.keys(handlers) as TaskName[];
