/** Describes an encoder by its files, without loading the model. */
import type { Readable } from 'node:stream';
import { digestJson, sortFields } from '../../digest.ts';
import { UserError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { hashFiles } from '../file-hashes.ts';
import { readJsonText } from '../json-file.ts';
import { hasRescalingLayer } from '../rescaling-layer.ts';
import { portNames } from '../teachers/loaded-model.ts';
import type { TeacherFile } from '../teachers/teacher-kind.ts';
import { chooseOutput } from './choose-output.ts';
import { refuseClassifier } from './classifier.ts';
import type { EncoderConfig } from './config.ts';
import { describeImages } from './describe-images.ts';
import { describeTexts } from './describe-texts.ts';
import type { EncoderDescription, EncoderReads } from './encoder.ts';
import { type FoundEncoder, findEncoder } from './find-encoder.ts';
import { graphModelGraph } from './graph-model-graph.ts';
import type { ModelGraph } from './model-graph.ts';
import { type OnnxGraph, readOnnxGraph } from './onnx-graph.ts';
import { readSavedModelGraph } from './saved-model-graph.ts';
import { folderReader, readStoredSettings, type StoredSettings } from './stored-settings.ts';

/** An encoder's folder with its description. */
export interface DescribedEncoder {
  /** The store and the folder that have the files, without a last `/`. */
  readonly store: ObjectStore;
  readonly folder: string;
  readonly description: EncoderDescription;
  /** Number of ids of its tokenizer and of its model, if both are known. */
  readonly ids?: { readonly tokenizer: number; readonly model: number } | undefined;
  /** Whether a model of images has a layer that rescales pixels. */
  readonly isRescaling?: boolean;
}

/**
 * Finds, checks and pins the files of an encoder in a folder. Does not load a native library.
 *
 * @param reads Kind of content of the task.
 * @param source Name of the encoder in messages. Default: its path.
 * @throws UserError if a file is missing, does not fit the model, or the model is a classifier.
 */
export async function describeEncoder(
  store: ObjectStore,
  config: EncoderConfig,
  reads: EncoderReads,
  source = `the encoder ${config.path}`,
): Promise<DescribedEncoder> {
  const found = await findEncoder(store, config, reads, source);
  const stored = await readStoredSettings(config.pooling, folderReader(store, found.folder));
  const onnx = await onnxGraphOf(store, found);
  const graph = onnx ?? (await tensorflowGraphOf(store, found));
  const { pooling } = stored;
  const { embeddingName } = config;
  if (graph) checkOutput(graph, { embeddingName, reads, stored, source });
  const input =
    reads === 'text'
      ? await describeTexts(store, { config, found, stored, graph: onnx, source })
      : { features: await describeImages(store, config, found, source), files: [] };
  const files = await pinned(store, [...found.files, ...input.files]);
  const settings = {
    reads,
    format: found.format,
    model: found.model,
    files,
    ...(embeddingName !== undefined && { embeddingName }),
    ...(pooling !== undefined && { pooling }),
    normalize: config.normalize ?? stored.normalize,
    batchSize: config.batchSize,
    ...('features' in input
      ? { features: input.features }
      : { maxLength: input.maxLength, ...(stored.lowercase && { lowercase: true as const }) }),
  };
  const digest = digestJson(sortFields(settings));
  const description = {
    digest,
    source,
    ...settings,
    // The dimension of a tensor that the user chose is not that of the files.
    ...(embeddingName === undefined &&
      stored.dimension !== undefined && { dimension: stored.dimension }),
  };
  const more =
    'ids' in input
      ? { ids: input.ids }
      : { isRescaling: await hasRescalingLayer(store, found.files) };
  return { store, folder: found.folder, description, ...more };
}

async function onnxGraphOf(
  store: ObjectStore,
  found: FoundEncoder,
): Promise<OnnxGraph | undefined> {
  return found.format === 'onnx' ? readOnnxGraph(await streamOf(store, found)) : undefined;
}

async function tensorflowGraphOf(
  store: ObjectStore,
  found: FoundEncoder,
): Promise<ModelGraph | undefined> {
  if (found.format === 'onnx') return undefined;
  if (found.format === 'savedModel') return readSavedModelGraph(await streamOf(store, found));
  const { key, version } = modelOf(found);
  // The file was parsed when its weights were found.
  return graphModelGraph(JSON.parse(await readJsonText(store, key, version)));
}

/** Returns the file of the model. */
function modelOf({ files, model }: FoundEncoder): ObjectInfo {
  return files.find(({ path }) => path === model)!.object;
}

function streamOf(store: ObjectStore, found: FoundEncoder): Promise<Readable> {
  const { key, version } = modelOf(found);
  return store.read(key, { version });
}

interface Output {
  readonly embeddingName: string | undefined;
  readonly reads: EncoderReads;
  readonly stored: StoredSettings;
  readonly source: string;
}

/** @throws UserError if the model lacks the chosen tensor, or its own output is of a classifier. */
function checkOutput(graph: ModelGraph, { embeddingName, reads, stored, source }: Output): void {
  if (embeddingName !== undefined) {
    checkTensor(graph, embeddingName, source);
    return;
  }
  const { pooling, config } = stored;
  const output = chooseOutput(graph.outputs, { reads, embeddingName, pooling, source });
  refuseClassifier({ output, graph, config, source });
}

/** @throws UserError if the model cannot compute a tensor of this name. */
function checkTensor(
  { producers, outputs, hasInnerOutputs }: ModelGraph,
  name: string,
  source: string,
): void {
  if (outputs.some((output) => output.name === name)) return;
  // The name of a tensor in TensorFlow may end with its number among the outputs of its node.
  const node = name.replace(/:\d+$/, '');
  if (hasInnerOutputs && (producers.has(name) || producers.has(node))) return;
  const kind = hasInnerOutputs ? 'a tensor' : 'an output';
  throw new UserError(
    `encoder.embeddingName: '${name}' is not ${kind} of ${source}; its outputs are ${portNames(outputs)}`,
  );
}

async function pinned(store: ObjectStore, files: readonly TeacherFile[]) {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const hashes = await hashFiles(store, sorted);
  return sorted.map(({ path, object }, index) => ({
    path,
    bytes: object.bytes,
    sha256: hashes[index]!,
  }));
}
