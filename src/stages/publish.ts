import { z } from 'zod';
import { runMetricsSchema } from '../evaluate/run-metrics.ts';
import { type Current, currentSchema } from '../run/current-file.ts';
import type { JobEvent } from '../run/events.ts';
import { type Job, openJob } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { readJson, writeJsonOnce } from '../store/once.ts';
import { swapPointer } from '../store/pointer.ts';

/** `runs/<run>/publication.json`: whether the run's student came into use, and why. */
export const publicationSchema = z.strictObject({ published: z.boolean(), reason: z.string() });
export type Publication = z.infer<typeof publicationSchema>;

/** Name of the student in use in the metrics of Evaluate. */
export const currentModel = 'current';

/**
 * Publish: moves the dataset's CURRENT pointer to this run's student if it is better than the one
 * in use, by the config's gate. Evaluate has measured both on this run's test set. If another
 * student came into use since, it stays: the pointer never returns to an earlier run.
 */
export async function publishStudent(event: JobEvent): Promise<Publication> {
  const job = await openJob(event);
  const key = keys.publication(job.run);
  if (await job.results.head(key)) {
    const done = await readJson(job.results, key, publicationSchema);
    if (done.published) await restorePointer(job);
    return done;
  }
  const publication = await decide(job);
  await writeJsonOnce(job.results, key, publication);
  return publication;
}

/** Returns the pointer to this run's student. */
function pointerTo({ run, plan }: Job): Current {
  const variant = plan.variants[0]!.name;
  return { run, variant, student: keys.student(run, variant) };
}

/** Writes the pointer again if it was deleted or damaged since; one to another run stays. */
async function restorePointer(job: Job): Promise<void> {
  const isLost = (present?: Current) => present === undefined || present === damagedPointer;
  await swapPointer(
    job.results,
    keys.current(job.plan.dataset),
    currentSchema,
    (present) => (isLost(present) ? pointerTo(job) : undefined),
    damagedPointer,
  );
}

async function decide(job: Job): Promise<Publication> {
  const { dataset } = job.plan;
  const next = pointerTo(job);
  let publication: Publication = { published: false, reason: '' };
  const move = async (present?: Current) => {
    publication = present?.run === job.run ? inUse(next) : await compare(job, next, present);
    return publication.published ? next : undefined;
  };
  await swapPointer(job.results, keys.current(dataset), currentSchema, move, damagedPointer);
  return publication;
}

/**
 * Replaces a pointer that is damaged or of version 0.1.0, and points to no run. A damaged pointer
 * must not keep a better student from being published.
 */
const damagedPointer: Current = { run: '', variant: '', student: '' };

/** Result if an earlier call moved the pointer and was then interrupted. */
function inUse({ variant }: Current): Publication {
  return { published: true, reason: `the ${variant} student is in use` };
}

/** Applies the gate: better than the student in use by more than `publish.minGain`. */
async function compare(job: Job, next: Current, present?: Current): Promise<Publication> {
  if (!present) return { published: true, reason: 'the first student of this dataset' };
  const { publish } = job.plan.config;
  // The schema of the config fills it in.
  const metric = publish.metric!;
  const { metrics, currentStudent, currentProblem } = await readJson(
    job.results,
    keys.metrics(job.run),
    runMetricsSchema,
  );
  if (present !== damagedPointer && present.student !== currentStudent) {
    return {
      published: false,
      reason: `the student in use, of run ${present.run}, came into use after this run was evaluated`,
    };
  }
  const own = metrics.models[next.variant]?.[metric]?.value;
  const current = metrics.models[currentModel]?.[metric]?.value;
  if (own === undefined || current === undefined) {
    const why = currentProblem === undefined ? '' : `: ${currentProblem}`;
    return {
      published: true,
      reason: `the student in use does not fit this dataset any more${why}`,
    };
  }
  const gain = metric === 'logLoss' ? current - own : own - current;
  const figures = `${metric} ${own.toFixed(4)}, and ${current.toFixed(4)} for the one in use`;
  return gain > publish.minGain
    ? { published: true, reason: `better than the student in use: ${figures}` }
    : { published: false, reason: `not better than the student in use: ${figures}` };
}
