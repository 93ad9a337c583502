/** Time that the teacher needs for one example. */
import { type Example, isRejected } from '../../data/example.ts';
import { encoderIn, type Features } from '../../data/features/index.ts';
import { plannedTeacher } from '../../distill/planned-teacher.ts';
import { teacherInputs } from '../../distill/teacher-inputs.ts';
import { StoreError } from '../../errors.ts';
import type { PretrainedEncoder } from '../../models/encoders/encoder.ts';
import { exampleContent } from '../../models/encoders/example-content.ts';
import { openEncoder } from '../../models/encoders/open-encoder.ts';
import type { Inputs } from '../../models/teacher.ts';
import { teacherKindOf } from '../../models/teachers/index.ts';
import type { Job } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { timeModels } from './latency.ts';
import { problemOf } from './models.ts';

/** Time of the teacher, or why it was not measured. */
type TeacherLatency = { readonly seconds: number } | { readonly notTimed: string };

/**
 * Measures the teacher like the students: from the example as it is in the data to its
 * probabilities, one example at a time. A teacher that cannot be opened stops no run here, because
 * its labels are complete.
 *
 * @throws TransientError if the store fails for a moment.
 */
export async function measureTeacherLatency(job: Job): Promise<TeacherLatency> {
  if (teacherKindOf(job.plan.config.teacher)?.isModel === false) {
    return { notTimed: 'its answers are stored predictions' };
  }
  // A function has no memory for the teacher besides the other models, and may not read it. The
  // time of Label is another measure: it has batches, start-up, reading and writing in it.
  if ([job.data, job.results].some(({ location }) => location.startsWith('s3://'))) {
    return { notTimed: 'it is timed only in a run on folders' };
  }
  try {
    return await measure(job);
  } catch (error) {
    return { notTimed: error instanceof StoreError ? error.message : problemOf(error) };
  }
}

async function measure(job: Job): Promise<TeacherLatency> {
  const { teacher, features } = await plannedTeacher(job);
  const inputs = teacherInputs(teacher, features);
  const embedded = await openEmbedding(job, [features, ...(teacher.moreFeatures ?? [])]);
  const convert = async (example: Example): Promise<Inputs | undefined> => {
    const whole = await embedded.of(example);
    const decoded = whole && (await inputs.decode(whole));
    if (!decoded || isRejected(decoded)) return undefined;
    return inputs.gather([decoded]);
  };
  try {
    const run = (input: Inputs) => teacher.predict(input);
    const { seconds, examples } = await timeModels(job, convert, [run]);
    return examples > 0 ? { seconds: seconds[0]! } : { notTimed: 'it can use too few examples' };
  } finally {
    embedded.dispose();
  }
}

/** Opens the encoders whose embeddings a teacher reads; it may have none. */
async function openEmbedding({ plan, results }: Job, read: readonly Features[]) {
  const digests = read.flatMap((features) => encoderIn(features) ?? []);
  const opened = new Map<string, PretrainedEncoder>();
  for (const { digest, files } of plan.encoders) {
    if (!digests.includes(digest)) continue;
    opened.set(digest, await openEncoder(results, keys.encoder(files)));
  }
  const prepare = exampleContent(plan.features);
  return {
    /** Adds the embeddings to an example; returns undefined if an encoder cannot embed it. */
    async of(example: Example): Promise<Example | undefined> {
      if (opened.size === 0) return example;
      const prepared = await prepare(example);
      if (isRejected(prepared)) return undefined;
      const embeddings = new Map<string, Float32Array>();
      for (const [digest, encoder] of opened) {
        const one = await encoder.embed([prepared]);
        if (one.rejected.size > 0) return undefined;
        embeddings.set(digest, one.embeddings);
      }
      return { ...example, embeddings };
    },
    dispose() {
      for (const encoder of opened.values()) encoder.dispose();
    },
  };
}
