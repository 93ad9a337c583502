import type { Example } from '../../data/example.ts';
import { image } from '../../data/features/image.ts';
import { type Features, featureShape } from '../../data/features/index.ts';
import {
  type PreprocessConfig,
  preprocessPresetNames,
} from '../../data/features/preprocess-config.ts';
import type { Decisions } from '../../debias/decisions.ts';
import { UserError } from '../../errors.ts';
import { wilsonInterval } from '../../evaluate/wilson.ts';
import { counted, percent } from '../../format.ts';
import type { TeacherConfig } from '../../models/config.ts';
import type { Teacher } from '../../models/teacher.ts';
import { teacherFeatures } from '../../models/teacher-features.ts';
import { answerSample } from './sample-answers.ts';

/** Above this accuracy, no other preprocessing is tried. */
const goodAccuracy = 0.9;
/** Examples that every preset is tried on. */
const maxTried = 64;

/** A teacher, and what its answers are compared with. */
export interface PresetTrial {
  readonly teacher: Teacher;
  readonly config: TeacherConfig;
  /** The student's features. */
  readonly student: Features;
  /** Features that the teacher reads now. */
  readonly features: Features;
  readonly decisions: Decisions;
  /** Returns the true decisions of a labeled example, [perExample]. */
  labelOf(example: Example): Int32Array | undefined;
}

/**
 * Tries the presets of `teacher.preprocess` and the order BGR on labeled images, if the teacher is
 * often wrong.
 *
 * @returns a warning if one explains the labels much better: the intervals do not overlap.
 */
export async function tryPresets(
  trial: PresetTrial,
  sample: readonly Example[],
): Promise<string | undefined> {
  if (trial.features.kind !== image.name || sample.length === 0) return undefined;
  const stride = Math.ceil(sample.length / maxTried);
  const tried = sample.filter((_, index) => index % stride === 0);
  const present = await rightIn(trial, trial.features, tried);
  if (present >= goodAccuracy * tried.length) return undefined;
  let best = { setting: '', right: 0 };
  for (const { setting, preprocess } of candidates(trial.config)) {
    const features = candidateFeatures(trial, preprocess);
    if (features === undefined) continue;
    const right = await rightIn(trial, features, tried);
    if (right > best.right) best = { setting, right };
  }
  const [now, then] = [present, best.right].map((right) => wilsonInterval(right, tried.length));
  if (then!.low <= now!.high) return undefined;
  return (
    `The teacher is right on ${percent(now!.value)} of ${counted(tried.length, 'labeled example')}, ` +
    `and on ${percent(then!.value)} with ${best.setting}. Set it, or the fields with which the teacher was trained.`
  );
}

/** A value of `teacher.preprocess` to try, and its text in warnings. */
interface Candidate {
  readonly setting: string;
  readonly preprocess: PreprocessConfig;
}

function candidates({ preprocess, mean, std }: TeacherConfig): Candidate[] {
  const own = typeof preprocess === 'string' ? { preset: preprocess } : (preprocess ?? {});
  const present = { ...(mean && { mean }), ...(std && { std }), ...own };
  return [
    ...preprocessPresetNames.map((name) => ({
      setting: `teacher.preprocess: ${name}`,
      preprocess: name,
    })),
    {
      setting: 'teacher.preprocess: { channelOrder: BGR }',
      preprocess: { ...present, channelOrder: 'BGR' },
    },
    {
      setting: 'teacher.preprocess: { channelOrder: BGR, scale: 0..255 }',
      preprocess: { ...present, channelOrder: 'BGR', scale: '0..255' },
    },
  ];
}

/** Returns the features of a setting, if the model can read images of their size. */
function candidateFeatures(
  { config, student, features }: PresetTrial,
  preprocess: PreprocessConfig,
): Features | undefined {
  if (features.kind !== image.name) return undefined;
  const { mean: _, std: __, ...rest } = config;
  const size: [number, number] = [features.height, features.width];
  try {
    const found = teacherFeatures({ ...rest, size, preprocess }, student);
    return String(featureShape(found)) === String(featureShape(features)) ? found : undefined;
  } catch (error) {
    // Such as a preset for colour, and grey images.
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** Counts the examples on which every decision of the teacher is right. */
async function rightIn(
  { teacher, decisions, labelOf }: PresetTrial,
  features: Features,
  sample: readonly Example[],
): Promise<number> {
  const { examples, predictions } = await answerSample(teacher, features, sample, decisions);
  return examples.filter(
    (example, index) => labelOf(example)?.join() === predictions[index]?.join(),
  ).length;
}
