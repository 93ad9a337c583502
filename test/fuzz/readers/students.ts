/** Folders of students, as `predict` opens them. An input is one JSON file with all of a folder. */

import { z } from 'zod';
import { columnsOfFeatures } from '../../../src/data/columns-of-features.ts';
import type { Content } from '../../../src/data/example.ts';
import type { Features } from '../../../src/data/features/index.ts';
import type { Random } from '../../../src/data/random.ts';
import { UserError } from '../../../src/errors.ts';
import { readEncoder } from '../../../src/models/encoders/stored-encoder.ts';
import { descriptionFile } from '../../../src/models/exporters.ts';
import { layersManifest } from '../../../src/models/layers-manifest.ts';
import { ngramsSchema } from '../../../src/models/ngrams/files.ts';
import { openPredictor } from '../../../src/models/predictor.ts';
import type { InputItem } from '../../../src/models/student-input.ts';
import { countNumbers } from '../../../src/models/tensor-list.ts';
import { sealJson } from '../../../src/store/seal.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { mutateJsonAlike } from '../json.ts';
import { mutateBytes, pick } from '../mutate.ts';
import { unlessRefused } from '../read-set.ts';
import type { FuzzedReader } from '../reader.ts';

/** Students of n-grams: `student.json`, `ngrams.json` and `ngrams.bin`. */
export const ngrams: FuzzedReader = {
  name: 'ngrams',
  samples: ['test/fuzz/corpus/student/ngrams.json', 'test/fuzz/corpus/student/ngrams-labels.json'],
  mutate: mutateFolder,
  read: predict,
};

/** Students that are networks: `student.json`, `model.json` and `weights.bin`. */
export const student: FuzzedReader = {
  name: 'student',
  samples: ['image', 'row', 'vector'].map((kind) => `test/fuzz/corpus/student/${kind}.json`),
  isNative: true,
  mutate: mutateFolder,
  read: predict,
};

/** The description of an encoder in the folder of a student. */
export const encoder: FuzzedReader = {
  name: 'encoder',
  samples: ['test/fuzz/corpus/encoder'],
  mutate: mutateJsonAlike,
  async read(bytes) {
    await readEncoder(new MemoryStore({ 'encoder/encoder.json': sealed(bytes) }), 'encoder/');
  },
};

/**
 * Changes one or two of the files: values of JSON, or bytes of the weights, which are in base64.
 * The weights mostly keep the size that the changed JSON states.
 */
function mutateFolder(bytes: Buffer, random: Random, other: Buffer): Buffer {
  const files: Record<string, unknown> = JSON.parse(bytes.toString('utf8'));
  const others: Record<string, unknown> = JSON.parse(other.toString('utf8'));
  const names = Object.keys(files);
  for (let count = random() < 0.7 ? 1 : 2; count > 0; count--) {
    const name = pick(random, names);
    const stranger = bytesOf(others[name] ?? pick(random, Object.values(others)));
    const file = bytesOf(files[name]);
    if (isJson(name)) files[name] = contentOf(mutateJsonAlike(file, random, stranger));
    else files[name] = mutateBytes(file, random, stranger).toString('base64');
  }
  const weights = names.find((name) => !isJson(name))!;
  const stated = statedBytes(files);
  if (stated !== undefined && random() < 0.8) {
    const sized = Buffer.alloc(stated);
    bytesOf(files[weights]).copy(sized);
    files[weights] = sized.toString('base64');
  }
  return Buffer.from(JSON.stringify(files));
}

function isJson(name: string): boolean {
  return name.endsWith('.json');
}

/** Maximum size of weights that are made. */
const maxWeights = 1_000_000;

const statedSchema = z.union([
  z.object({ 'ngrams.json': ngramsSchema }).transform((files) => files['ngrams.json'].tensors),
  z
    .object({ 'model.json': layersManifest })
    .transform((files) => files['model.json'].weightsManifest[0].weights),
]);

/** Returns the size of the weights that the other files state; undefined if it is unclear. */
function statedBytes(files: Readonly<Record<string, unknown>>): number | undefined {
  const { data } = statedSchema.safeParse(files);
  const bytes = data === undefined ? undefined : 4 * countNumbers(data);
  return bytes !== undefined && bytes <= maxWeights ? bytes : undefined;
}

/** Returns the bytes of a file: JSON as it is, others are texts in base64. */
function bytesOf(content: unknown): Buffer {
  if (typeof content === 'string') return Buffer.from(content, 'base64');
  return Buffer.from(JSON.stringify(content));
}

/** Returns JSON as it is, and bytes that are not JSON any more in base64. */
function contentOf(bytes: Buffer): unknown {
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof json === 'string' ? bytes.toString('base64') : json;
  } catch {
    return bytes.toString('base64');
  }
}

/** Opens a student, and predicts an example of each kind. */
async function predict(input: Buffer): Promise<void> {
  const folder = parse(input);
  const files = Object.entries(folder).map(([name, content]) => {
    const bytes = bytesOf(content);
    return [name, name === descriptionFile ? sealed(bytes) : bytes];
  });
  const opened = await openPredictor(new MemoryStore(Object.fromEntries(files)));
  try {
    const { description, features } = opened;
    const { classes, table } = description;
    columnsOfFeatures(features, { classes, columns: table?.columns, missing: table?.missing });
    await unlessRefused(async () => {
      for await (const { predictions } of opened.predict(itemsOf(features), () => {})) {
        JSON.stringify(predictions);
      }
    });
  } finally {
    opened.dispose();
  }
}

/** Adds the checksum, which a stranger can compute; returns bytes without fields as they are. */
function sealed(bytes: Buffer): Uint8Array {
  const content = contentOf(bytes);
  try {
    return typeof content === 'object' && content !== null ? sealJson(content) : bytes;
  } catch {
    return bytes; // It is nested too deeply to be written.
  }
}

function parse(input: Buffer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(input.toString('utf8'));
  } catch {
    throw new UserError('not a folder');
  }
}

/** Two by two pixels. */
const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAFklEQVQI12NgiDrxX86GIaqCkYmZBQAeSgNYioNgmQAAAABJRU5ErkJggg==';

const contents: readonly Content[] = [
  { kind: 'image', bytes: Buffer.from(png, 'base64') },
  { kind: 'text', text: 'A good film, ünïcödé \u{20000} and all.' },
  { kind: 'vector', values: Float32Array.of(1, 2, 3, 4, 5) },
  { kind: 'row', columns: { age: 30, kind: 'b' } },
  { kind: 'row', columns: { age: '?', kind: null } },
];

async function* itemsOf(features: Features): AsyncGenerator<InputItem> {
  for (const [index, content] of contents.entries()) {
    yield { id: String(index), label: undefined, content };
  }
  if (features.kind !== 'image') return;
  const { height, width, channels } = features;
  if (height * width > 2 ** 16) return;
  yield { id: 'pixels', pixels: new Uint8Array(height * width * channels) };
}
