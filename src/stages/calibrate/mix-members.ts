import { concatenate } from '../../arrays.ts';
import { foldOf } from '../../data/folds.ts';
import { crossFitMixture } from '../../debias/mixture.ts';
import { writeMemberLabels } from '../../distill/planned-teacher.ts';
import type { Context } from '../../run/context.ts';
import type { Job } from '../../run/job.ts';
import { type MixtureFile, mixtureFileSchema } from '../../run/mixture-file.ts';
import { calibrationFolds, mixedDigests } from '../../run/plan-file.ts';
import { type JudgedAnswers, judgedAnswers } from './judged-answers.ts';

/**
 * Fits the weights of several teachers to the labels that judge them, once per fold. Each teacher
 * labels these examples first. Examples that a teacher cannot answer are left out.
 */
export async function mixMembers(
  job: Job,
  maxNumbers: number,
  context: Context,
): Promise<MixtureFile> {
  const { plan } = job;
  const members = mixedDigests(plan);
  const answers: JudgedAnswers[] = [];
  for (const digest of members) {
    const judged = {
      part: plan.teacher.members.find((member) => member.digest === digest)!.name,
      maxNumbers: maxNumbers / members.length,
      write: (shard: Parameters<typeof writeMemberLabels>[2], tell: (done: number) => void) =>
        writeMemberLabels(job, digest, shard, tell),
    };
    answers.push(await judgedAnswers(job, judged, context));
  }
  const { ids, labels, rows } = answeredByAll(answers);
  const classes = plan.classes.length;
  const split = calibrationFolds(plan);
  const mixture = crossFitMixture(
    {
      models: rows.map((own) => concatenate(own)),
      labels: Int32Array.from(labels),
      classes,
    },
    Int32Array.from(ids, (id) => foldOf(id, split)),
    split.count,
  );
  // The schema's lists are mutable, and these are read-only.
  return mixtureFileSchema.parse({ members, ...mixture });
}

/** Keeps the examples that all teachers answered, in the order of the first. */
function answeredByAll(answers: readonly JudgedAnswers[]) {
  const [first] = answers;
  const byName = answers.map(
    ({ names, rows }) => new Map(names.map((name, index) => [name, rows[index]!])),
  );
  const kept = [...first!.names.entries()].filter(([, name]) =>
    byName.every((rows) => rows.has(name)),
  );
  return {
    ids: kept.map(([index]) => first!.ids[index]!),
    labels: kept.map(([index]) => first!.decided[index]!),
    rows: byName.map((rows) => kept.map(([, name]) => rows.get(name)!)),
  };
}
