import { image } from '../data/features/image.ts';
import type { ImageFeatures } from '../data/features/image-features.ts';
import type { Features } from '../data/features/index.ts';
import { wrongUnits } from '../data/features/preprocess-config.ts';
import { preprocessedFeatures } from '../data/features/preprocess-features.ts';
import { row } from '../data/features/row.ts';
import { UserError } from '../errors.ts';
import type { TeacherConfig } from './config.ts';

/**
 * Returns the input features of a user-supplied teacher. Images have the teacher's own size and
 * normalization, by default value / 255; with `preprocess`, also its own resize and colours. Rows
 * and vectors are the student's features.
 *
 * @throws UserError if the size, mean, std or preprocess does not fit the task.
 */
export function teacherFeatures(config: TeacherConfig, student: Features): Features {
  if (student.kind !== image.name) {
    const field = imageFields.find((name) => config[name] !== undefined);
    if (field === undefined) return checkColumns(config, student);
    throw new UserError(
      `teacher.${field} is for images, and the task has ${student.kind}s`,
      `Remove teacher.${field}: the teacher reads the same numbers as the student.`,
    );
  }
  checkColumns(config, student);
  return config.preprocess === undefined
    ? withoutPreprocess(config, student)
    : ownPreprocess(config, config.preprocess, student);
}

const imageFields = ['preprocess', 'size', 'mean', 'std', 'layout'] as const;

function ownPreprocess(
  { size }: TeacherConfig,
  preprocess: NonNullable<TeacherConfig['preprocess']>,
  { height, width, channels }: ImageFeatures,
): ImageFeatures {
  const { normalization, ...features } = preprocessedFeatures(preprocess, {
    section: 'teacher',
    channels,
    size,
    defaultSize: [height, width],
  });
  return { ...features, ...(normalization ?? unchanged(channels)) };
}

/** Returns the normalization that leaves value / 255. */
function unchanged(channels: number): Pick<ImageFeatures, 'mean' | 'std'> {
  return { mean: Array<number>(channels).fill(0), std: Array<number>(channels).fill(1) };
}

function withoutPreprocess(config: TeacherConfig, student: ImageFeatures): ImageFeatures {
  const { channels, pixels } = student;
  const [height, width] = config.size ?? [student.height, student.width];
  if (pixels !== undefined && (height !== student.height || width !== student.width)) {
    throw new UserError(
      `task.preprocess gives images of ${student.height} x ${student.width}, and teacher.size is ${height} x ${width}`,
      'Set teacher.preprocess too: a preset, or the fields of task.preprocess for the other size.',
    );
  }
  const wrong = wrongUnits(config);
  if (wrong) {
    throw new UserError(
      `teacher: ${wrong.problem}`,
      'Divide mean and std by 255, or set teacher.preprocess, with scale, mean and std.',
    );
  }
  const { mean, std } = unchanged(channels);
  return {
    kind: image.name,
    height,
    width,
    channels,
    mean: byChannel(config.mean ?? mean, channels, 'mean'),
    std: byChannel(config.std ?? std, channels, 'std'),
    ...(pixels && { pixels }),
  };
}

/** @throws UserError if the config names columns, and the examples have none. */
function checkColumns({ columns }: TeacherConfig, student: Features): Features {
  if (columns === undefined || student.kind === row.name) return student;
  throw new UserError(
    `teacher.columns is for tables, and the task has ${student.kind}s`,
    'Remove teacher.columns.',
  );
}

function byChannel(values: number[], channels: number, field: string): number[] {
  if (values.length === channels) return values;
  throw new UserError(
    `teacher.${field} has ${values.length} numbers, and the images have ${channels} channels`,
    `Give teacher.${field} one number per channel.`,
  );
}
