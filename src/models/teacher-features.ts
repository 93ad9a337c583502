import { image } from '../data/features/image.ts';
import type { Features } from '../data/features/index.ts';
import { UserError } from '../errors.ts';
import type { TeacherConfig } from './config.ts';

/**
 * Returns the input features of a user-supplied teacher. Images have the teacher's own size and
 * normalisation, by default value / 255. Rows and vectors are the student's features.
 *
 * @throws UserError if the size, mean or std does not fit the task.
 */
export function teacherFeatures(config: TeacherConfig, student: Features): Features {
  if (student.kind !== image.name) {
    const field = (['size', 'mean', 'std'] as const).find((name) => config[name] !== undefined);
    if (field === undefined) return student;
    throw new UserError(
      `teacher.${field} is for images, and the task has ${student.kind}s`,
      `Remove teacher.${field}: the teacher reads the same numbers as the student.`,
    );
  }
  const { channels } = student;
  const [height, width] = config.size ?? [student.height, student.width];
  return {
    kind: image.name,
    height,
    width,
    channels,
    mean: byChannel(config.mean ?? Array<number>(channels).fill(0), channels, 'mean'),
    std: byChannel(config.std ?? Array<number>(channels).fill(1), channels, 'std'),
  };
}

function byChannel(values: number[], channels: number, field: string): number[] {
  if (values.length === channels) return values;
  throw new UserError(
    `teacher.${field} has ${values.length} numbers, and the images have ${channels} channels`,
    `Give teacher.${field} one number per channel.`,
  );
}
