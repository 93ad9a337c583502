import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { Example } from '../../../src/data/example.ts';
import { encoderSchema } from '../../../src/models/encoders/config.ts';
import { describeEncoder } from '../../../src/models/encoders/describe.ts';
import type { EncoderReads } from '../../../src/models/encoders/encoder.ts';
import { FolderStore } from '../../../src/store/folder.ts';
import type { ObjectStore } from '../../../src/store/store.ts';

export const fixtures = join(import.meta.dirname, '../../fixtures/encoders');

/** Input of the last layer of the teacher that is a GraphModel. */
export const penultimateNode = 'sequential_1/flatten_1/Reshape';

/** Describes an encoder of the fixtures, or of another store. */
export function describeFixture(
  reads: EncoderReads,
  config: z.input<typeof encoderSchema>,
  store: ObjectStore = new FolderStore(fixtures),
) {
  return describeEncoder(store, encoderSchema.parse(config), reads);
}

export async function readExpected(name: string) {
  return JSON.parse(await readFile(join(fixtures, name, 'expected.json'), 'utf8'));
}

/** Reads all files of a fixture, for a `MemoryStore` that changes some. */
export async function filesOf(name: string, paths: readonly string[]) {
  const files = paths.map(async (path) => [path, await readFile(join(fixtures, name, path))]);
  return Object.fromEntries(await Promise.all(files)) as Record<string, Uint8Array | string>;
}

export function textExamples(texts: readonly string[]): Example[] {
  return texts.map((text, row) => ({
    id: `t${row}`,
    label: undefined,
    content: { kind: 'text', text },
  }));
}
