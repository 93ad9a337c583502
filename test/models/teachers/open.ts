import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Features, featureShape } from '../../../src/data/features/index.ts';
import type { TeacherConfig } from '../../../src/models/config.ts';
import { openTeacher } from '../../../src/models/open-teacher.ts';
import type { Inputs } from '../../../src/models/teacher.ts';
import { teacherDigest } from '../../../src/models/teacher-digest.ts';
import { FolderStore } from '../../../src/store/folder.ts';

export const fixtures = join(import.meta.dirname, '../../fixtures/teachers');

/** Expected outputs, by `make-teachers.py`; null stands for a missing answer. */
const expectedSchema = z.strictObject({
  config: z.record(z.string(), z.string()),
  ids: z.array(z.string()).optional(),
  inputs: z.array(z.unknown()),
  probabilities: z.array(z.array(z.number()).nullable()),
  embeddings: z.array(z.array(z.number())).optional(),
});
export type Expected = z.infer<typeof expectedSchema>;

export async function readExpected(name: string): Promise<Expected> {
  const text = await readFile(join(fixtures, name, 'expected.json'), 'utf8');
  return expectedSchema.parse(JSON.parse(text));
}

/** The fixtures that can be used: those with an expected.json. */
export async function usableFixtures(): Promise<string[]> {
  return (await readdir(fixtures)).filter((name) => name !== 'refused').sort();
}

export function teacherConfig(fields: Partial<TeacherConfig>): TeacherConfig {
  const mcmi = { epochs: 20, strength: 0.15 };
  const calibrated = { calibrate: true };
  return {
    loss: 'crossEntropy',
    mcmi,
    output: 'probabilities',
    batchSize: 128,
    ...calibrated,
    ...fields,
  };
}

export function grey(size = 8): Features {
  return { kind: 'image', height: size, width: size, channels: 1, mean: [0.5], std: [0.5] };
}

export function colour(size = 8): Features {
  const half = [0.5, 0.5, 0.5];
  return { kind: 'image', height: size, width: size, channels: 3, mean: half, std: half };
}

export const vector = (length: number): Features => ({ kind: 'vector', length });

/** The features of the task whose inputs these are. */
export function featuresOf(inputs: readonly unknown[]): Features {
  const [row] = inputs as number[][];
  const pixel = (row as unknown as number[][][])[0]?.[0];
  if (pixel === undefined) return vector(row!.length);
  return pixel.length === 3 ? colour() : grey();
}

export function asInputs(inputs: readonly unknown[], ids?: readonly string[]): Inputs {
  const values = Float32Array.from(inputs.flat(3) as number[]);
  const n = inputs.length;
  return { ids: ids ?? inputs.map((_, index) => String(index)), rows: { n, values } };
}

/** Blank examples. */
export function blank(n: number, features: Features): Inputs {
  const size = featureShape(features).reduce((product, axis) => product * axis, n);
  const ids = Array.from({ length: n }, (_, id) => String(id));
  return { ids, rows: { n, values: new Float32Array(size) } };
}

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'teacher-test-'));

/** Opens a teacher as the stages do, with the digest that Plan would pin. */
export async function open(
  folder: string,
  fields: Partial<TeacherConfig>,
  features: Features,
  { scratch, classes = 3 }: { scratch: string; classes?: number },
) {
  const store = new FolderStore(folder);
  const config = teacherConfig(fields);
  const names = Array.from({ length: classes }, (_, index) => `class ${index}`);
  const digest = await teacherDigest(store, config, features, names);
  return openTeacher({ store, config, features, classes: names, digest, scratch });
}
