import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Features } from '../data/features/index.ts';
import { readExamples } from '../data/read.ts';
import type { Shard } from '../data/shard.ts';
import { type LabelsSummary, readLabelsSummary } from '../data/tables/labels-file.ts';
import { labelExamples } from '../distill/label-examples.ts';
import { openTeacher } from '../models/open-teacher.ts';
import type { Teacher } from '../models/teacher.ts';
import { openTrained } from '../models/teachers/trained.ts';
import type { Context } from '../run/context.ts';
import type { ShardEvent } from '../run/events.ts';
import { type Job, openJob } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { readShard } from '../run/objects-file.ts';
import { oneSlot } from '../run/one-slot.ts';
import { foldsOf, needs } from '../run/plan-file.ts';
import { writeJsonOnce, writeOnce } from '../store/once.ts';

/** Folder for copies of teachers, which later tasks of the process reuse. */
const scratch = join(tmpdir(), 'counterweight-teachers');

/**
 * Label: labels one shard with the teacher. The key of the labels has the digests of teacher and
 * shard, so that no run labels a shard again. Examples that cannot be read, decoded or labeled are
 * quarantined with their reason.
 *
 * @returns 1 if it labeled the shard, 0 if the shard was labeled before. The answer is one
 *   character because Step Functions keeps the answers of all shards in 256 KiB.
 */
export async function labelShard(event: ShardEvent, context: Context): Promise<0 | 1> {
  const job = await openJob(event);
  const shard = await readShard(job, event.shard);
  const key = keys.labels(job.plan.teacher.digest, shard.id);
  const found = (await job.results.head(key)) !== undefined;
  if (!found) await writeOnce(job.results, key, await label(job, shard, context));
  const summary = await readLabelsSummary(job.results, key);
  await recordQuarantine(job, shard, summary);
  const examples = summary.labeled + summary.quarantined.length;
  context.report({ stage: 'Label', part: shard.id, done: examples, total: examples });
  return found ? 0 : 1;
}

async function label(job: Job, shard: Shard, context: Context): Promise<Uint8Array> {
  const { teacher, outOfFold, features } = await cachedTeacher(job.plan.teacher.digest, () =>
    openPlanned(job),
  );
  const examples = readExamples(job.data, shard, job.plan.config);
  const classes = job.plan.classes.length;
  // A trained teacher has learned the labeled set.
  const asked = shard.set === 'labeled' ? outOfFold : teacher;
  return labelExamples(examples, { teacher: asked, features, classes }, (done) => {
    context.signal.throwIfAborted();
    context.report({ stage: 'Label', part: shard.id, done, unit: 'examples' });
  });
}

interface OpenedTeacher {
  /** Labels the examples that no teacher was trained on. */
  readonly teacher: Teacher;
  /** Labels the examples of the labeled set. */
  readonly outOfFold: Teacher;
  readonly features: Features;
  dispose(): void;
}

/** Cache: a process usually labels many shards with one teacher. */
const cachedTeacher = oneSlot<OpenedTeacher>();

async function openPlanned({ plan, data, results }: Job): Promise<OpenedTeacher> {
  const { digest } = plan.teacher;
  if (plan.config.teacher.train) {
    const folder = keys.teacher(digest);
    const embeds = needs(plan, 'embeddings');
    const { ensemble, ...rest } = await openTrained(results, folder, foldsOf(plan), embeds);
    return { teacher: ensemble, ...rest };
  }
  const { features, classes } = plan;
  const { teacher: config } = plan.config;
  const options = { store: data, config, features, classes: classes.length, digest, scratch };
  const { teacher, features: fed } = await openTeacher(options);
  return { teacher, outOfFold: teacher, features: fed, dispose: () => teacher.dispose() };
}

async function recordQuarantine(job: Job, shard: Shard, summary: LabelsSummary): Promise<void> {
  if (summary.quarantined.length === 0) return;
  await writeJsonOnce(job.results, keys.quarantine(job.run, shard.id), {
    set: shard.set,
    quarantined: summary.quarantined,
  });
}
