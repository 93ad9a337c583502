/** The preprocessing of a user-supplied teacher's images, as far as Plan can find out about it. */
import { type Example, isRejected } from '../../data/example.ts';
import { image } from '../../data/features/image.ts';
import { blankImages, deepImages, imageCautions } from '../../data/features/image-cautions.ts';
import type { ImageFeatures } from '../../data/features/image-features.ts';
import type { ImageHeader } from '../../data/features/image-header.ts';
import { surveyImages } from '../../data/features/image-survey.ts';
import { createEncoder, type Features } from '../../data/features/index.ts';
import { isDecoded } from '../../data/features/kind.ts';
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
 * Warns of images that lose bits or everything, and of images that a user-supplied teacher may have
 * been trained to see differently.
 */
export async function imageWarnings(
  planned: RunToPlan,
  features: Features,
  labeled: readonly ShardItem[],
): Promise<string[]> {
  const { config, data } = planned;
  if (features.kind !== image.name) return [];
  const { headers, blankIds } = await surveyLabeled(planned, features, labeled);
  const warnings = [...blankImages(blankIds, headers, features), ...deepImages(headers)];
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

/** Reads the headers of the first labeled images, and the ids of those that are blank. */
async function surveyLabeled(
  { config, data, results, run }: RunToPlan,
  features: ImageFeatures,
  labeled: readonly ShardItem[],
): Promise<{ headers: readonly ImageHeader[]; blankIds: readonly string[] }> {
  const survey = surveyImages();
  const { headers } = survey;
  const blankIds: string[] = [];
  for (const item of labeled) {
    const shard = await readShard({ results, run }, item);
    for await (const example of readExamples(data, shard, config)) {
      if (survey.isFull()) return { headers, blankIds };
      if (isRejected(example)) continue;
      const index = headers.length;
      await survey.add(example.content);
      const isTransparent = headers[index]?.traits.includes('transparency');
      if (isTransparent && (await isBlank(example, features))) blankIds.push(example.id);
    }
  }
  return { headers, blankIds };
}

/** Maximum difference between the values of a channel that counts as one colour, of 255. */
const blankRange = 7;

/** Returns whether all pixels that the student reads have one colour. */
async function isBlank(example: Example, features: ImageFeatures): Promise<boolean> {
  const pixels = await createEncoder(features).decode(example);
  if (!isDecoded(pixels)) return false;
  const { channels } = features;
  const low = new Uint8Array(channels).fill(255);
  const high = new Uint8Array(channels);
  for (const [index, value] of pixels.entries()) {
    const channel = index % channels;
    low[channel] = Math.min(low[channel]!, value);
    high[channel] = Math.max(high[channel]!, value);
  }
  return high.every((value, channel) => value - low[channel]! <= blankRange);
}
