import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../../digest.ts';
import { UserError } from '../../errors.ts';
import {
  changed,
  damaged,
  openSealed,
  parseUnsealed,
  parseWith,
  readBytes,
  sealJson,
  writeOnce,
} from '../../store/once.ts';
import type { ObjectStore } from '../../store/store.ts';
import { loadModelFile } from '../confined/load-model.ts';
import { readStudentJson } from '../json-file.ts';
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
import {
  type EncoderDescription,
  encoderDescriptionSchema,
  encoderFile,
  type PretrainedEncoder,
} from './encoder.ts';
import type { EncoderInput } from './input-batch.ts';
import { type NormalizerTraits, normalizerTraits } from './normalizer-traits.ts';
import { readOnnxGraph } from './onnx-graph.ts';

/**
 * Copies an encoder's files into a folder of the results, with its description as the last file.
 * Stages then need neither the dataset nor the internet.
 *
 * @param folder Key of the folder, with the last `/`.
 * @throws UserError if a file has changed since it was described: its digest would be wrong.
 */
export async function storeEncoder(
  { store, folder: from, description }: DescribedEncoder,
  results: ObjectStore,
  folder: string,
): Promise<void> {
  if (await results.head(`${folder}${encoderFile}`)) return;
  const prefix = from === '' ? '' : `${from}/`;
  for (const { path, sha256: digest } of description.files) {
    const bytes = await readBytes(store, `${prefix}${path}`);
    if (sha256(bytes) !== digest) {
      throw new UserError(
        `${path} of ${description.source} has changed while it was read`,
        'Start the run again when the file is complete.',
      );
    }
    await writeOnce(results, `${folder}${path}`, bytes);
  }
  await writeOnce(results, `${folder}${encoderFile}`, sealJson(description));
}

/** Reads the description of an encoder that `storeEncoder` wrote. */
export async function readEncoder(store: ObjectStore, folder: string): Promise<EncoderDescription> {
  const key = `${folder}${encoderFile}`;
  const name = `${store.location}/${key}`;
  const bytes = await readStudentJson(store, key);
  return parseWith(encoderDescriptionSchema, openSealed(bytes, name), name);
}

/**
 * Reads what the tokenizer of an encoder of texts that `storeEncoder` wrote does to texts.
 * @throws UserError if its file was changed.
 */
export async function readNormalizer(
  store: ObjectStore,
  folder: string,
  { files }: Pick<EncoderDescription, 'files'>,
): Promise<NormalizerTraits> {
  const file = 'tokenizer.json';
  const name = `${store.location}/${folder}${file}`;
  const bytes = await readBytes(store, `${folder}${file}`);
  if (files.find(({ path }) => path === file)?.sha256 !== sha256(bytes)) {
    throw damaged(name, changed);
  }
  return normalizerTraits(parseWith(z.looseObject({}), parseUnsealed(bytes, name), name));
}

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

/** Opens an encoder where its files are. The parameters and errors are those of `openEncoder`. */
export async function openDescribed(
  { store, folder, description }: DescribedEncoder,
  scratch = scratchFolder('encoders'),
): Promise<PretrainedEncoder> {
  const local = join(scratch, `encoder-${description.digest}`);
  const prefix = folder === '' ? '' : `${folder}/`;
  const files = await Promise.all(
    description.files.map(async ({ path, bytes }) => {
      const object = await store.head(`${prefix}${path}`);
      if (object?.bytes === bytes) return { path, object };
      if (object) throw changedFile(path, description);
      throw new UserError(
        `${description.source} lacks its file ${store.location}/${prefix}${path}`,
        'Put the file back, or start a new run.',
      );
    }),
  );
  await copyFiles(store, files, local, (hashes) => {
    const other = description.files.find(({ sha256 }, index) => sha256 !== hashes[index]);
    if (other !== undefined) throw changedFile(other.path, description);
  });
  const model = await loadOrExplain(description, local);
  return ownModel(model, () => fitted(model, description, local));
}

function changedFile(path: string, { source }: EncoderDescription): UserError {
  return new UserError(
    `${path} of ${source} has changed since the run was planned`,
    'Put the former file back, or start a new run.',
  );
}

/** The kinds of teachers in the same formats. */
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

/** Finds the output, and its axes with blank examples. */
async function fitted(
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
    // The files may not declare the shape, which is known here.
    const real = { ...output, shape: probed.shape };
    refuseClassifier({ output: real, graph: undefined, config: undefined, source });
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
