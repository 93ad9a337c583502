/** The table of teacher kinds. */
import { tableOf } from '../../table.ts';
import { suppliedKinds } from './supplied.ts';
import type { TeacherKind } from './teacher-kind.ts';
import { trainedKind } from './trained-kind.ts';

const rows = [trainedKind, ...suppliedKinds] as const;

export const teacherKinds = tableOf(...rows);

type Intersection<Union> = (Union extends unknown ? (member: Union) => void : never) extends (
  member: infer Members,
) => void
  ? Members
  : never;

/** Fields of the section `teacher` that the kinds add, each with its schema. */
export const kindFields = Object.assign({}, ...rows.map(({ fields }) => fields)) as Intersection<
  // The type of Object.assign with a list does not contain the field names.
  (typeof rows)[number]['fields']
>;

/**
 * Returns the kind of a teacher, or undefined if its config names none.
 * @example teacherKindOf({ onnx: 'teacher/model.onnx' })?.name // 'onnx'
 */
export function teacherKindOf(
  teacher: {
    readonly [Name in keyof typeof teacherKinds]?: unknown;
  },
): TeacherKind | undefined {
  return rows.find(({ name }) => teacher[name] !== undefined);
}
