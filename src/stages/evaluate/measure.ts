import { type Config, defaultExamples } from '../../config/schema.ts';
import type { ExampleDigests } from '../../data/example-digests.ts';
import { createPredictionsWriter } from '../../data/tables/predictions-file.ts';
import { createLeakageMeter } from '../../distill/leakage-meter.ts';
import { trueDecisions } from '../../distill/sets.ts';
import { type StudentInputs, studentInputs } from '../../distill/student-inputs.ts';
import { createConfusionMeter } from '../../evaluate/confusion.ts';
import { createDeviationsMeter } from '../../evaluate/deviations.ts';
import { createGalleryMeter } from '../../evaluate/gallery.ts';
import { createEvaluation } from '../../evaluate/metrics.ts';
import { createReliabilityMeter, rawTeacher } from '../../evaluate/reliability.ts';
import type { RunMetrics } from '../../evaluate/run-metrics.ts';
import type { Context } from '../../run/context.ts';
import type { ShardItem } from '../../run/events.ts';
import { type Job, shardItems } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { planDecisions } from '../../run/plan-file.ts';
import { currentModel } from '../publish.ts';
import { createExportsMeter, type ExportsMeter } from './exports.ts';
import { type CurrentStudent, type NamedModel, problemOf } from './models.ts';
import type { OpenExport } from './open-exports.ts';
import { changesAnswers, openRawAnswers, type RawAnswers } from './raw-answers.ts';

interface Measured
  extends Pick<
    RunMetrics,
    'metrics' | 'confusion' | 'reliability' | 'gallery' | 'deviations' | 'leakage'
  > {
  /** The predictions of all models, as a file. */
  readonly predictions: Uint8Array;
  /** The comparison of the exported files. */
  readonly exports: ExportsMeter;
}

/**
 * Measures the teacher and all models in one pass, on the same examples in the same order. If the
 * student in use fails on an example, measures the others without it.
 *
 * @param exports Exported files, which are compared with their students.
 * @param tests The digests of the test examples, with the other sets that have them.
 * @returns the figures, and why the student in use has none.
 */
export async function measure(
  job: Job,
  models: readonly NamedModel[],
  current: CurrentStudent,
  exports: readonly OpenExport[],
  tests: ExampleDigests,
  context: Context,
): Promise<Measured & { readonly problem?: string | undefined }> {
  let { problem } = current;
  if (current.model) {
    try {
      return await measureAll(job, [...models, current.model], exports, tests, context);
    } catch (error) {
      if (!(error instanceof CurrentStudentError)) throw error;
      problem = error.message;
    }
  }
  return { ...(await measureAll(job, models, exports, tests, context)), problem };
}

/** Returns the number of examples per list of the report; 0 if it shows no content. */
export function examplesShown({ report }: Pick<Config, 'report'>): number {
  return report?.examples ?? defaultExamples;
}

/** The student in use failed; the run continues without it. */
class CurrentStudentError extends Error {
  override readonly name = 'CurrentStudentError';
}

async function measureAll(
  job: Job,
  models: readonly NamedModel[],
  opened: readonly OpenExport[],
  tests: ExampleDigests,
  context: Context,
): Promise<Measured> {
  const { plan } = job;
  const decisions = planDecisions(plan);
  const size = decisions.outputs;
  const trueOf = trueDecisions(job);
  const names = models.map(({ name }) => name);
  const evaluation = createEvaluation(['teacher', ...names], decisions, plan.config.seed);
  const predictions = createPredictionsWriter(
    keys.predictions(job.run),
    ['teacher', ...names],
    plan.classes,
    decisions,
  );
  const leakage = createLeakageMeter(['teacher', ...names], plan, tests);
  const isBaseline = names.map((name) => plan.baselines.some((baseline) => baseline.name === name));
  const deviations = createDeviationsMeter(
    names.filter((_, index) => !isBaseline[index]),
    decisions,
  );
  const isChanged = await changesAnswers(job);
  const reliable = ['teacher', names[0]!, ...(isChanged ? [rawTeacher] : [])];
  const reliability = createReliabilityMeter(reliable, decisions);
  const confusion = createConfusionMeter(['teacher', names[0]!], decisions);
  const exports = createExportsMeter(opened, decisions);
  const wanted = examplesShown(plan.config);
  const gallery = createGalleryMeter(plan.classes, decisions, wanted);
  let done = 0;
  for (const item of await shardItems(job, plan.evaluatedOn)) {
    const raw = isChanged ? openRawAnswers(job, item.id) : undefined;
    for await (const { examples, decoded, outputs, before } of answers(job, item, models, raw)) {
      context.signal.throwIfAborted();
      examples.forEach(({ example, row }, index) => {
        const rowOf = (output: Float32Array) => output.subarray(index * size, (index + 1) * size);
        const decided = trueOf(example, plan.evaluatedOn);
        const rows = outputs.map(rowOf);
        evaluation.add(decided, [row.probabilities, ...rows]);
        predictions.add(example.id, decided, [row.probabilities, ...rows]);
        reliability.add(decided, [row.probabilities, rows[0]!, ...before.slice(index, index + 1)]);
        confusion.add(decided[0]!, [row.probabilities, rows[0]!]);
        gallery.add({ shard: item.id, id: example.id }, decided, row.probabilities, rows[0]!);
        leakage.add(example, decided, [row.probabilities, ...rows]);
        const students = rows.filter((_, model) => !isBaseline[model]);
        deviations.add(decided, row.probabilities, students);
      });
      await exports.add(
        examples.map(({ example }, index) => ({ ...example, decoded: decoded[index]! })),
        examples.map(({ example }) => trueOf(example, plan.evaluatedOn)),
        new Map(names.map((name, index) => [name, outputs[index]!])),
      );
      done += examples.length;
      context.report({ stage: 'Evaluate', done, unit: 'examples' });
    }
  }
  return {
    metrics: evaluation.result(),
    confusion: confusion.result(),
    reliability: reliability.result(),
    ...(wanted > 0 && { gallery: gallery.result() }),
    deviations: deviations.result(),
    leakage: leakage.result(),
    predictions: predictions.finish(),
    exports,
  };
}

/**
 * Yields a shard's examples in batches, with the outputs of each model: [n, outputs].
 *
 * @param raw The teacher's answers before calibration, to yield them as well.
 * @throws CurrentStudentError if only the student in use fails.
 */
async function* answers(
  job: Job,
  item: ShardItem,
  models: readonly NamedModel[],
  raw: RawAnswers | undefined,
) {
  // The student in use may need other inputs than those of the run: another mean, other columns.
  const feeds = new Map<string, ReturnType<typeof studentInputs>>();
  for (const { model } of models) {
    const { features } = model.description;
    feeds.set(inputsOf(model), feeds.get(inputsOf(model)) ?? studentInputs(job, item, features));
  }
  const own = inputsOf(models[0]!.model);
  try {
    for (;;) {
      const batches = new Map<string, StudentInputs>();
      for (const [inputs, feed] of feeds) {
        const { value } = inputs === own ? await feed.next() : await ofCurrent(() => feed.next());
        if (value) batches.set(inputs, value);
      }
      const first = batches.get(own);
      if (!first) return;
      const { examples, decoded } = first;
      const outputs: Float32Array[] = [];
      for (const { name, model } of models) {
        const predict = () => model.predict(batches.get(inputsOf(model))!.rows);
        outputs.push(name === currentModel ? await ofCurrent(() => finite(predict())) : predict());
      }
      const before = (await raw?.take(examples.map(({ example }) => example.id))) ?? [];
      yield { examples, decoded, outputs, before };
    }
  } finally {
    for (const feed of feeds.values()) await feed.return(undefined);
    await raw?.close();
  }
}

/** Names the inputs of a model: models of the same inputs share their batches. */
function inputsOf({ description }: NamedModel['model']): string {
  return JSON.stringify(description.features);
}

/** Runs a part of the student in use. @throws CurrentStudentError if it fails for good. */
async function ofCurrent<Result>(run: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw new CurrentStudentError(problemOf(error));
  }
}

function finite(outputs: Float32Array): Float32Array {
  if (!outputs.some(Number.isNaN)) return outputs;
  throw new RangeError('its outputs are not numbers');
}
