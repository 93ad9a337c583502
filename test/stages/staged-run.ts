import type { Context } from '../../src/stages/context.ts';
import { type Job, openJob, shardItems } from '../../src/stages/job.ts';
import { labelShard } from '../../src/stages/label.ts';
import { plan } from '../../src/stages/plan.ts';
import { reconcile } from '../../src/stages/reconcile.ts';
import { startRun } from '../../src/stages/start.ts';
import { trainTeacher } from '../../src/stages/train-teacher.ts';
import type { Dataset } from '../workflow/datasets.ts';

export const context: Context = { signal: new AbortController().signal, report: () => {} };

/** Runs the stages up to Reconcile, in this process. */
export async function reconciled({ dataset, results }: Dataset) {
  const started = await startRun(dataset, results);
  const event = { ...started, execution: started.run };
  const { trainTeacher: isOurs } = await plan(event, context);
  if (isOurs) await trainTeacher(event, context);
  const job: Job = await openJob(event);
  for (const shard of await shardItems(job)) await labelShard({ ...event, shard }, context);
  await reconcile(event, context);
  return { event, job };
}
