/** Opens pretrained encoders. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../../errors.ts';
import { keyIn } from '../../store/key.ts';
import type { ObjectStore } from '../../store/store.ts';
import { loadModelFile } from '../confined/load-model.ts';
import { copyFiles } from '../local-copy.ts';
import { scratchFolder } from '../scratch-folder.ts';
import { graphModelKind } from '../teachers/graph-model.ts';
import { type LoadedModel, ownModel } from '../teachers/loaded-model.ts';
import { onnxKind } from '../teachers/onnx.ts';
import { savedModelKind } from '../teachers/saved-model.ts';
import { chooseOutput } from './choose-output.ts';
import { refuseClassifier } from './classifier.ts';
import type { DescribedEncoder } from './describe.ts';
import { embedWith, runOrExplain } from './embed.ts';
import type { EncoderDescription, PretrainedEncoder } from './encoder.ts';
import type { EncoderInput } from './input-batch.ts';
import { readOnnxGraph } from './onnx-graph.ts';
import { readEncoder } from './stored-encoder.ts';

/**
 * Opens an encoder that `storeEncoder` wrote. Models are code, so only files with the pinned
 * digests are loaded.
 *
 * @param folder Key of the folder, with the last `/`.
 * @param scratch A local folder. Files are copied into it once and reused by later calls.
 * @throws UserError if a file is damaged, or the model does not fit its description.
 */
export async function openEncoder(
  store: ObjectStore,
  folder: string,
  scratch = scratchFolder('encoders'),
): Promise<PretrainedEncoder> {
  return openDescribed(
    { store, folder: folder.replace(/\/$/, ''), description: await readEncoder(store, folder) },
    scratch,
  );
}

/** Opens an encoder in the place where it was described; otherwise like `openEncoder`. */
export async function openDescribed(
  { store, folder, description }: DescribedEncoder,
  scratch = scratchFolder('encoders'),
): Promise<PretrainedEncoder> {
  const local = join(scratch, `encoder-${description.digest}`);
  const files = await Promise.all(
    description.files.map(async ({ path, bytes }) => {
      const key = keyIn(folder, path);
      const object = await store.head(key);
      if (object?.bytes === bytes) return { path, object };
      if (object) throw changedFile(path, description);
      throw new UserError(
        `${description.source} lacks its file ${store.location}/${key}`,
        'Put the file back, or start a new run.',
      );
    }),
  );
  await copyFiles(store, files, local, (hashes) => {
    const other = description.files.find(({ sha256 }, index) => sha256 !== hashes[index]);
    if (other !== undefined) throw changedFile(other.path, description);
  });
  const model = await loadOrExplain(description, local);
  return ownModel(model, () => encoderOfModel(model, description, local));
}

function changedFile(path: string, { source }: EncoderDescription): UserError {
  return new UserError(
    `${path} of ${source} has changed since the run was planned`,
    'Put the former file back, or start a new run.',
  );
}

/** Kinds of teachers, by the format of encoders that they load as well. */
const kinds = { onnx: onnxKind, savedModel: savedModelKind, graphModel: graphModelKind };

async function loadOrExplain(
  { source, format, model, embeddingName }: EncoderDescription,
  folder: string,
): Promise<LoadedModel> {
  const path = join(folder, model);
  try {
    const graph =
      format === 'onnx' && embeddingName !== undefined
        ? await readOnnxGraph(createReadStream(path))
        : undefined;
    const isInner = graph && !graph.outputs.some(({ name }) => name === embeddingName);
    const local = { path, folder: dirname(path), name: source };
    return await loadModelFile(kinds[format], {
      ...local,
      ...(isInner && { inner: [embeddingName!] }),
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${source} cannot be loaded: ${(error as Error).message}`,
      'Check that the model loads in the tool that made it.',
    );
  }
}

/** Makes an encoder of a model: finds its output, and the shape of the output by blank examples. */
async function encoderOfModel(
  model: LoadedModel,
  description: EncoderDescription,
  folder: string,
): Promise<PretrainedEncoder> {
  const { source, reads, embeddingName } = description;
  const output = chooseOutput(model.outputs, {
    reads,
    embeddingName,
    pooling: description.pooling,
    source,
  });
  const input = await inputOf(model, description, folder);
  const probe = input.probe();
  const probed = await runOrExplain(model, probe.feeds, output, description);
  if (embeddingName === undefined) {
    // The files may lack the shape.
    const withShape = { ...output, shape: probed.shape };
    refuseClassifier({ output: withShape, graph: undefined, config: undefined, source });
  }
  return embedWith({ model, input, output, probed, probe, description });
}

async function inputOf(
  { inputs }: LoadedModel,
  { source, reads, batchSize, maxLength, lowercase, features, format }: EncoderDescription,
  folder: string,
): Promise<EncoderInput> {
  if (reads === 'image') {
    const { imageInput } = await import('./image-input.ts');
    const channelsFirst = format === 'onnx';
    return imageInput({ inputs, features: features!, batchSize, channelsFirst, source });
  }
  const { createTokenizer, parseTokenizerFile } = await import('./tokenizer.ts');
  const { textInput } = await import('./text-input.ts');
  const json = async (name: string) =>
    parseTokenizerFile(await readFile(join(folder, name), 'utf8').catch(() => '{}'), name, source);
  const files = {
    tokenizer: await json('tokenizer.json'),
    config: await json('tokenizer_config.json'),
  };
  // An export may be fixed to a length.
  const fixedLength = inputs[0]?.shape?.[1] ?? maxLength!;
  const tokenizer = createTokenizer(files, Math.min(maxLength!, fixedLength), source);
  const { tokenize } = tokenizer;
  const lowered = { ...tokenizer, tokenize: (text: string) => tokenize(text.toLowerCase()) };
  return textInput({ inputs, tokenizer: lowercase ? lowered : tokenizer, batchSize, source });
}
