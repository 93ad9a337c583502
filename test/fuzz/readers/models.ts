/** Models of strangers, as they are checked and read before a native library sees them. */
import { mkdtempSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { UserError } from '../../../src/errors.ts';
import { checkOnnx } from '../../../src/models/allowed/check-onnx.ts';
import { checkSavedModel } from '../../../src/models/allowed/check-saved-model.ts';
import { encoderSchema } from '../../../src/models/encoders/config.ts';
import { describeEncoder } from '../../../src/models/encoders/describe.ts';
import { penultimate } from '../../../src/models/encoders/model-graph.ts';
import { readSavedModelGraph } from '../../../src/models/encoders/saved-model-graph.ts';
import { onnxKind } from '../../../src/models/teachers/onnx.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { mutateProtobuf } from '../protobuf.ts';
import { unlessRefused } from '../read-set.ts';
import type { FuzzedReader } from '../reader.ts';

const onnxSamples = [
  'test/fixtures/encoders',
  'test/fixtures/table-teachers',
  'test/fixtures/teachers',
  'test/fixtures/workflow-teachers/onnx',
  'test/fuzz/corpus/onnx',
];

export const onnx: FuzzedReader = {
  name: 'onnx',
  samples: onnxSamples,
  accepts: (file) => file.endsWith('.onnx'),
  mutate: mutateProtobuf,
  async read(bytes) {
    const path = await fileOf(bytes, 'model.onnx');
    await unlessRefused(() => damagedIsRefused(() => checkOnnx(path, name)));
    await unlessRefused(() => describe(bytes));
  },
};

/** Also opens the model. A library's own error is explained to the user, so it is a refusal. */
export const onnxruntime: FuzzedReader = {
  ...onnx,
  name: 'onnxruntime',
  isNative: true,
  async read(bytes) {
    const path = await fileOf(bytes, 'model.onnx');
    const { InferenceSession } = await import('../../../src/onnxruntime.ts');
    await damagedIsRefused(() => checkOnnx(path, name));
    const session = await InferenceSession.create(path, { logSeverityLevel: 4 }).catch(() => {});
    await session?.release();
  },
};

export const savedModel: FuzzedReader = {
  name: 'saved-model',
  samples: ['test/fixtures/teachers', 'test/fixtures/workflow-teachers'],
  accepts: (file) => file.endsWith('saved_model.pb'),
  mutate: mutateProtobuf,
  async read(bytes) {
    await fileOf(bytes, 'saved_model.pb');
    await unlessRefused(() => damagedIsRefused(() => checkSavedModel(folder(), name)));
    const graph = await readSavedModelGraph(Readable.from([bytes]));
    for (const { name } of graph?.outputs ?? []) penultimate(graph!, name);
  },
};

const name = 'the model';

let made: string | undefined;

/** One folder per process. */
function folder(): string {
  made ??= mkdtempSync(join(tmpdir(), 'fuzz-'));
  return made;
}

async function fileOf(bytes: Buffer, file: string): Promise<string> {
  const path = join(folder(), file);
  await writeFile(path, bytes);
  return path;
}

/** Runs a check. Its plain error for a damaged file becomes a UserError in those that call it. */
async function damagedIsRefused(check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    const isDamage = error instanceof Error && error.message.startsWith(`${name} is damaged: `);
    throw isDamage ? new UserError(error.message) : error;
  }
}

/** Reads it as a teacher and as an encoder, as Plan does. */
async function describe(bytes: Buffer): Promise<void> {
  const images = JSON.stringify({ size: { height: 8, width: 8 }, image_mean: [0], image_std: [1] });
  const store = new MemoryStore({ 'm/model.onnx': bytes, 'm/preprocessor_config.json': images });
  await unlessRefused(async () => {
    await onnxKind.find(store, 'm/model.onnx');
    await onnxKind.ports?.(store, 'm/model.onnx');
  });
  await describeEncoder(store, encoderSchema.parse('m'), 'image');
}
