import type { ConfigInput } from '../config/schema.ts';
import { image } from '../data/features/image.ts';
import { preprocessPresetNames } from '../data/features/preprocess-config.ts';
import { UserError } from '../errors.ts';
import { teacherSchema } from '../models/config.ts';
import { readStoredPreprocess } from '../models/preprocess-files.ts';
import { hasRescalingLayer } from '../models/rescaling-layer.ts';
import { modelKeyOf, teacherFiles } from '../models/teacher-files.ts';
import type { ObjectStore } from '../store/store.ts';

type Teacher = ConfigInput['teacher'];

/** Adds the preprocessing that a file beside the teacher gives, or that its layers imply. */
export async function withPreprocess(
  store: ObjectStore,
  teacher: Teacher,
  { type }: ConfigInput['task'],
  notes: string[],
): Promise<Teacher> {
  const config = teacherSchema.parse(teacher);
  const key = modelKeyOf(config);
  if (type !== image.task || key === undefined) return teacher;
  try {
    const stored = await readStoredPreprocess(store, key);
    if (stored !== undefined) {
      notes.push(`teacher.preprocess is taken from ${stored.key}.`);
      return { ...teacher, preprocess: stored.preprocess };
    }
    const { files } = await teacherFiles(store, config);
    if (await hasRescalingLayer(store, files)) {
      notes.push('The teacher has a layer that rescales pixels, so it is fed 0 to 255.');
      return { ...teacher, preprocess: { scale: '0..255' } };
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    notes.push(`${error.message}. ${error.hint ?? ''}`);
  }
  notes.push(
    `The teacher is fed stretched images with values from 0 to 1. If it was trained with others, set teacher.preprocess: ${preprocessPresetNames.join(', ')}, or fields (docs/configuration.md).`,
  );
  return teacher;
}
