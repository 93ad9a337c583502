/** The preprocessing of a user-supplied teacher's images, as far as Plan can find out about it. */
import { isRejected } from '../../data/example.ts';
import { image } from '../../data/features/image.ts';
import { deepImages, imageCautions } from '../../data/features/image-cautions.ts';
import type { ImageFeatures } from '../../data/features/image-features.ts';
import { type ImageSurvey, surveyImages } from '../../data/features/image-survey.ts';
import type { Features } from '../../data/features/index.ts';
import { readExamples } from '../../data/read.ts';
import { isAboutContent } from '../../errors.ts';
import type { TeacherConfig } from '../../models/config.ts';
import { readStoredPreprocess } from '../../models/preprocess-files.ts';
import { hasRescalingLayer, rescaledTwice } from '../../models/rescaling-layer.ts';
import { teacherFeatures } from '../../models/teacher-features.ts';
import { modelKeyOf, teacherFiles } from '../../models/teacher-files.ts';
import type { ShardItem } from '../../run/events.ts';
import { readShard } from '../../run/objects-file.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { RunToPlan } from './run-to-plan.ts';

/**
 * Adds the preprocessing that a file beside the teacher gives, unless the config decides about it.
 *
 * @returns the run with its config, and warnings.
 * @throws UserError if the file cannot be understood.
 */
export async function withStoredPreprocess<Run extends Pick<RunToPlan, 'config' | 'data'>>(
  run: Run,
): Promise<{ run: Run; warnings: string[] }> {
  const { config, data } = run;
  const { teacher } = config;
  const key = modelKeyOf(teacher);
  if (config.task.type !== image.task || key === undefined || teacher.preprocess !== undefined) {
    return { run, warnings: [] };
  }
  const decided = (['size', 'mean', 'std'] as const).find((field) => teacher[field] !== undefined);
  if (decided !== undefined) return { run, warnings: await unusedFile(data, key, decided) };
  const stored = await readStoredPreprocess(data, key);
  if (stored === undefined) return { run, warnings: [] };
  const { preprocess } = stored;
  const note = `teacher.preprocess is taken from ${stored.key}: ${JSON.stringify(preprocess)}`;
  return {
    run: { ...run, config: { ...config, teacher: { ...teacher, preprocess } } },
    warnings: [note],
  };
}

async function unusedFile(data: ObjectStore, key: string, field: string): Promise<string[]> {
  const stored = await readStoredPreprocess(data, key).catch((error: unknown) => {
    // A file that is not read may be damaged.
    if (!isAboutContent(error)) throw error;
    return undefined;
  });
  return stored === undefined
    ? []
    : [
        `${stored.key} is not read, because distill.yaml has teacher.${field}. To read it, remove teacher.size, mean and std`,
      ];
}

/**
 * Warns of images that lose bits, and of images that a user-supplied teacher may have been trained
 * to see differently.
 */
export async function imageWarnings(
  planned: RunToPlan,
  features: Features,
  labeled: readonly ShardItem[],
): Promise<string[]> {
  const { config, data } = planned;
  if (features.kind !== image.name) return [];
  const { headers } = await surveyLabeled(planned, labeled);
  const warnings = deepImages(headers);
  if (modelKeyOf(config.teacher) === undefined) return warnings;
  const seen = teacherFeatures(config.teacher, features);
  if (seen.kind !== image.name) return warnings;
  return [
    ...warnings,
    ...(await unscaledPixels(data, config.teacher, seen)),
    ...imageCautions(headers, seen, config.teacher.preprocess),
  ];
}

/** Warns of a teacher that rescales pixels itself, and would do so twice. */
async function unscaledPixels(
  data: ObjectStore,
  teacher: TeacherConfig,
  seen: ImageFeatures,
): Promise<string[]> {
  const { files, name } = await teacherFiles(data, teacher);
  const warning = rescaledTwice(name, 'teacher', seen);
  return warning !== undefined && (await hasRescalingLayer(data, files)) ? [warning] : [];
}

/** Reads the headers of the first labeled images. */
async function surveyLabeled(
  { config, data, results, run }: RunToPlan,
  labeled: readonly ShardItem[],
): Promise<ImageSurvey> {
  const survey = surveyImages();
  for (const item of labeled) {
    const shard = await readShard({ results, run }, item);
    for await (const example of readExamples(data, shard, config)) {
      if (survey.isFull()) return survey;
      if (!isRejected(example)) await survey.add(example.content);
    }
  }
  return survey;
}
