/** Describes the texts that an encoder reads: its tokenizer, and how many tokens it reads. */
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { keyIn } from '../../store/key.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { TeacherFile } from '../teachers/teacher-kind.ts';
import type { EncoderConfig } from './config.ts';
import type { FoundEncoder } from './find-encoder.ts';
import { type OnnxGraph, tableRows } from './onnx-graph.ts';
import { folderReader, parseFile, type StoredSettings } from './stored-settings.ts';
import { idsInput } from './text-batches.ts';
import { createTokenizer } from './tokenizer.ts';

/** Maximum number of tokens, if the model could read more: attention takes memory by the square. */
const defaultMaxLength = 512;

/** An encoder of texts, as far as its files are known. */
interface TextEncoder {
  readonly config: EncoderConfig;
  readonly found: FoundEncoder;
  readonly stored: StoredSettings;
  readonly graph: OnnxGraph | undefined;
  readonly source: string;
}

/** Description of the texts that an encoder reads. */
export interface DescribedTexts {
  /** The files of the tokenizer. */
  readonly files: readonly TeacherFile[];
  /** Maximum number of tokens per text. */
  readonly maxLength: number;
  /** Number of ids of the tokenizer and of the model; undefined if the latter is unknown. */
  readonly ids: { readonly tokenizer: number; readonly model: number } | undefined;
}

/**
 * Checks the tokenizer, and finds the maximum length.
 * @throws UserError if the tokenizer is missing, or does not fit the model.
 */
export async function describeTexts(
  store: ObjectStore,
  described: TextEncoder,
): Promise<DescribedTexts> {
  const { config, found, stored, graph, source } = described;
  const { files, tokenizer, tokenizerConfig } = await readTokenizer(store, found.folder, source);
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
  const known = rows === undefined ? undefined : { tokenizer: size, model: rows };
  return { files, maxLength, ids: known };
}

/** Files of a tokenizer; only the first is required. */
const [tokenizerFile, configFile] = ['tokenizer.json', 'tokenizer_config.json'] as const;

/** @throws UserError if the first file is missing, or one has another form. */
async function readTokenizer(store: ObjectStore, folder: string, source: string) {
  const files: TeacherFile[] = [];
  for (const path of [tokenizerFile, configFile]) {
    const object = await store.head(keyIn(folder, path));
    if (object) files.push({ path, object });
  }
  const read = folderReader(store, folder);
  const json = await read(tokenizerFile);
  if (json === undefined) {
    throw new UserError(
      `${source} has no ${tokenizerFile} (${store.location}/${keyIn(folder, tokenizerFile)})`,
      'Save it beside the model: AutoTokenizer.from_pretrained(NAME).save_pretrained(FOLDER).',
    );
  }
  return {
    files,
    tokenizer: parseFile(json, tokenizerFile, truncationSchema),
    tokenizerConfig: parseFile((await read(configFile)) ?? '{}', configFile, z.looseObject({})),
  };
}

/** The maximum of tokens in `tokenizer.json`. */
const truncationSchema = z.looseObject({
  truncation: z.looseObject({ max_length: z.int().positive().nullish() }).nullish(),
});

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
