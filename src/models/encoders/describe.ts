import { z } from 'zod';
import type { ImageFeatures } from '../../data/features/image-features.ts';
import { preprocessedFeatures } from '../../data/features/preprocess-features.ts';
import { digestJson, sortFields } from '../../digest.ts';
import { UserError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { hashFiles } from '../file-hashes.ts';
import { readJsonText } from '../json-file.ts';
import { readPreprocessIn } from '../preprocess-files.ts';
import type { TeacherFile } from '../teachers/teacher-kind.ts';
import { chooseOutput } from './choose-output.ts';
import { refuseClassifier } from './classifier.ts';
import type { EncoderConfig } from './config.ts';
import type { EncoderDescription, EncoderReads } from './encoder.ts';
import { type FoundEncoder, findEncoder } from './find-encoder.ts';
import { graphModelGraph } from './graph-model-graph.ts';
import type { ModelGraph } from './model-graph.ts';
import { type OnnxGraph, readOnnxGraph, tableRows } from './onnx-graph.ts';
import { readSavedModelGraph } from './saved-model-graph.ts';
import {
  folderReader,
  parseFile,
  readStoredSettings,
  type StoredSettings,
} from './stored-settings.ts';
import { idsInput } from './text-batches.ts';
import { createTokenizer } from './tokenizer.ts';

/** An encoder's folder with its description. */
export interface DescribedEncoder {
  /** The store and the folder that have the files, without a last `/`. */
  readonly store: ObjectStore;
  readonly folder: string;
  readonly description: EncoderDescription;
  /** Number of ids of its tokenizer and of its model, if both are known. */
  readonly ids?: { readonly tokenizer: number; readonly model: number } | undefined;
}

/** Maximum of tokens, if the model could read more: attention takes memory by the square. */
const defaultMaxLength = 512;

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
  const found = await findEncoder(store, config, source);
  const stored = await readStoredSettings(config.pooling, folderReader(store, found.folder));
  const onnx = await onnxGraphOf(store, found);
  const graph = onnx ?? (await tensorflowGraphOf(store, found));
  const { pooling } = stored;
  const { embeddingName } = config;
  if (graph && embeddingName === undefined) {
    const output = chooseOutput(graph.outputs, { reads, embeddingName, pooling, source });
    refuseClassifier({ output, graph, config: stored.config, source });
  }
  if (graph && embeddingName !== undefined) checkTensor(graph, embeddingName, source);
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
  return { store, folder: found.folder, description, ids: 'ids' in input ? input.ids : undefined };
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

function modelOf({ files, model }: FoundEncoder): ObjectInfo {
  return files.find(({ path }) => path === model)!.object;
}

function streamOf(store: ObjectStore, found: FoundEncoder) {
  const { key, version } = modelOf(found);
  return store.read(key, { version });
}

/** @throws UserError if the model cannot compute a tensor of this name. */
function checkTensor({ producers, outputs, isOpen }: ModelGraph, name: string, source: string) {
  if (outputs.some((output) => output.name === name)) return;
  // TensorFlow may write the number of a tensor of a node.
  if (isOpen && (producers.has(name) || producers.has(name.replace(/:\d+$/, '')))) return;
  throw new UserError(
    `encoder.embeddingName: '${name}' is not ${isOpen ? 'a tensor' : 'an output'} of ${source}; its outputs are ${outputs.map((port) => port.name).join(', ')}`,
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

interface Described {
  readonly config: EncoderConfig;
  readonly found: FoundEncoder;
  readonly stored: StoredSettings;
  readonly graph: OnnxGraph | undefined;
  readonly source: string;
}

/** Files of a tokenizer; only the first is required. */
export const tokenizerFiles = ['tokenizer.json', 'tokenizer_config.json'] as const;

/** Checks the tokenizer, and finds the maximum length. */
async function describeTexts(store: ObjectStore, described: Described) {
  const { config, found, stored, graph, source } = described;
  const inFolder = (name: string) => (found.folder === '' ? name : `${found.folder}/${name}`);
  const files: TeacherFile[] = [];
  for (const path of tokenizerFiles) {
    const object = await store.head(inFolder(path));
    if (object) files.push({ path, object });
  }
  const read = folderReader(store, found.folder);
  const json = await read('tokenizer.json');
  if (json === undefined) {
    throw new UserError(
      `${source} has no tokenizer.json (${store.location}/${inFolder('tokenizer.json')})`,
      'Save it beside the model: AutoTokenizer.from_pretrained(NAME).save_pretrained(FOLDER).',
    );
  }
  const tokenizer = parseFile(json, 'tokenizer.json', truncationSchema);
  const tokenizerConfig = parseFile(
    (await read('tokenizer_config.json')) ?? '{}',
    'tokenizer_config.json',
    sideSchema,
  );
  checkSide(tokenizer, tokenizerConfig, source);
  const maxLength = maxLengthOf(config, maximaOf(stored, tokenizer, graph), source);
  const { size } = createTokenizer({ tokenizer, config: tokenizerConfig }, maxLength, source);
  const ids = graph && idsInput(graph.inputs);
  const rows =
    (graph && ids !== undefined ? tableRows(graph, ids) : undefined) ?? stored.vocabulary;
  if (rows !== undefined && size > rows) {
    throw new UserError(
      `the tokenizer.json of ${source} has ids up to ${size - 1}, and the model knows ${rows} ids: they do not belong together`,
      'Give the tokenizer that the model was trained with.',
    );
  }
  return {
    files,
    maxLength,
    ids: rows === undefined ? undefined : { tokenizer: size, model: rows },
  };
}

/** The maximum in `tokenizer.json` itself. */
const truncationSchema = z.looseObject({
  truncation: z
    .looseObject({
      max_length: z.int().positive().nullish(),
      direction: z.string().nullish(),
    })
    .nullish(),
});

/** The side in `tokenizer_config.json` on which texts are cut. It overrides `tokenizer.json`. */
const sideSchema = z.looseObject({ truncation_side: z.string().nullish() });

/** @throws UserError if the model was made for texts that are cut at their start. */
function checkSide(
  { truncation }: z.infer<typeof truncationSchema>,
  { truncation_side: side }: z.infer<typeof sideSchema>,
  source: string,
): void {
  const found = side ?? truncation?.direction ?? 'right';
  if (found.toLowerCase() === 'right') return;
  const [file, field, right] = side
    ? ['tokenizer_config.json', 'truncation_side', 'right']
    : ['tokenizer.json', 'truncation.direction', 'Right'];
  throw new UserError(
    `the ${file} of ${source} cuts long texts on the other side (${field}: ${JSON.stringify(found)}), and counterweight cuts their end`,
    `If the start of a text matters more, set ${field} to "${right}" in a copy of the folder.`,
  );
}

/** Returns the maxima of tokens: of the files, and of the model itself. */
function maximaOf(
  { maxLength, positions }: StoredSettings,
  { truncation }: z.infer<typeof truncationSchema>,
  graph: OnnxGraph | undefined,
) {
  // An export may be fixed to a length.
  const fixed = graph?.inputs[0]?.shape?.[1];
  const known = [positions, fixed].filter((most) => most !== undefined);
  return {
    written: maxLength ?? truncation?.max_length ?? undefined,
    positions: known.length > 0 ? Math.min(...known) : undefined,
  };
}

/** @throws UserError if the config asks for more tokens than the model has positions. */
function maxLengthOf(
  { maxLength }: EncoderConfig,
  { written, positions }: ReturnType<typeof maximaOf>,
  source: string,
): number {
  if (maxLength !== undefined && positions !== undefined && maxLength > positions) {
    throw new UserError(
      `encoder.maxLength is ${maxLength}, and ${source} reads at most ${positions} tokens`,
      `Set encoder.maxLength to at most ${positions}.`,
    );
  }
  if (maxLength !== undefined) return maxLength;
  return Math.min(written ?? defaultMaxLength, positions ?? defaultMaxLength, defaultMaxLength);
}

/** Finds the pixels that an encoder of images reads. */
async function describeImages(
  store: ObjectStore,
  { preprocess, size }: EncoderConfig,
  { folder }: FoundEncoder,
  source: string,
): Promise<ImageFeatures> {
  const stored =
    preprocess ?? (await readPreprocessIn(store, folder === '' ? '' : `${folder}/`))?.preprocess;
  if (stored === undefined) {
    throw new UserError(
      `${source} has no preprocessor_config.json (${store.location}/${folder})`,
      'Copy the file from where the model is from, or set encoder.preprocess: a preset, or fields.',
    );
  }
  // A model of grey images has one mean.
  const channels = typeof stored === 'object' && stored.mean?.length === 1 ? 1 : 3;
  const model = { section: 'encoder', channels, defaultSize: size ?? [224, 224] } as const;
  const { normalization, ...features } = preprocessedFeatures(stored, model);
  const unchanged = {
    mean: Array<number>(channels).fill(0),
    std: Array<number>(channels).fill(1),
  };
  const own = { ...features, ...(normalization ?? unchanged) };
  return size === undefined ? own : resized(own, size);
}

/** Changes the size of features, and the size before the crop by the same factor. */
function resized(features: ImageFeatures, [height, width]: readonly [number, number]) {
  const { pixels } = features;
  if (pixels === undefined) return { ...features, height, width };
  const before = {
    height: Math.floor((pixels.resized.height * height) / features.height),
    width: Math.floor((pixels.resized.width * width) / features.width),
  };
  return { ...features, height, width, pixels: { ...pixels, resized: before } };
}
