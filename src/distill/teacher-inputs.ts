import type { Example, Rejected } from '../data/example.ts';
import { isRejected } from '../data/example.ts';
import { createEncoder, type Features } from '../data/features/index.ts';
import { type Decoded, isDecoded, rowsOf } from '../data/features/kind.ts';
import { type RawColumn, type RawValue, rawReader } from '../data/features/raw-columns.ts';
import { row } from '../data/features/row.ts';
import type { Inputs, Teacher } from '../models/teacher.ts';

/** An example as a teacher reads it. */
export interface TeacherExample {
  readonly id: string;
  /** Pixels, features or a text, one per features that the teacher reads. */
  readonly decoded?: readonly Decoded[];
  /** Values of the columns, for a teacher that reads columns. */
  readonly row?: readonly RawValue[];
}

/** Conversion of examples to the inputs of a teacher. */
export interface TeacherInputs {
  /** Decodes an example; returns why it cannot be used otherwise. */
  decode(example: Example): Promise<TeacherExample | Rejected>;
  /** Puts decoded examples together. */
  gather(batch: readonly TeacherExample[]): Inputs;
}

/**
 * Creates the conversion for a teacher.
 *
 * @param features The teacher's input features.
 */
export function teacherInputs(
  { columns, moreFeatures = [] }: Teacher,
  features: Features,
): TeacherInputs {
  return columns === undefined
    ? featureInputs([features, ...moreFeatures])
    : columnInputs(columns, features);
}

function featureInputs(features: readonly Features[]): TeacherInputs {
  const encoders = features.map(createEncoder);
  return {
    async decode(example) {
      const decoded: Decoded[] = [];
      for (const encoder of encoders) {
        const one = await encoder.decode(example);
        if (!isDecoded(one)) return one;
        decoded.push(one);
      }
      return { id: example.id, decoded };
    },
    gather(batch) {
      const all = encoders.map((encoder, index) =>
        rowsOf(
          encoder,
          batch.map(({ decoded }) => decoded![index]!),
        ),
      );
      const [rows, ...moreRows] = all;
      const ids = batch.map(({ id }) => id);
      return { ids, rows: rows!, ...(moreRows.length > 0 && { moreRows }) };
    },
  };
}

function columnInputs(columns: readonly RawColumn[], features: Features): TeacherInputs {
  const read = rawReader(columns, features.kind === row.name ? features.missing : []);
  return {
    async decode(example) {
      const values = read(example);
      return isRejected(values) ? values : { id: example.id, row: values };
    },
    gather(batch) {
      return {
        ids: batch.map(({ id }) => id),
        rows: { n: 0, values: new Float32Array(0) },
        cells: batch.map(({ row }) => row!),
      };
    },
  };
}
