/** Reads the settings that libraries store beside an encoder. */
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { keyIn } from '../../store/key.ts';
import type { ObjectStore } from '../../store/store.ts';
import { fieldsOf } from '../../wide-schemas.ts';
import { readJsonText } from '../json-file.ts';
import type { Pooling } from './config.ts';

/** Settings that the files of an encoder state. */
export interface StoredSettings {
  readonly pooling: Pooling | undefined;
  readonly normalize: boolean;
  /** Whether texts are put into lower case before the tokenizer reads them. */
  readonly lowercase: boolean;
  /** Maximum number of tokens that the model is made for. */
  readonly maxLength: number | undefined;
  /** Maximum number of tokens that the model can read: its table of positions. */
  readonly positions: number | undefined;
  /** Numbers per token or position. */
  readonly dimension: number | undefined;
  /** Ids that the model knows. */
  readonly vocabulary: number | undefined;
  /** The parsed `config.json`. */
  readonly config: unknown;
}

/** Maximum number of prompts of a model. */
const maxPrompts = 1000;

const count = z.int().positive();
const flag = z.boolean().nullish();

/** `1_Pooling/config.json` of sentence-transformers: flags, or in newer versions one name. */
const poolingSchema = z.looseObject({
  word_embedding_dimension: count.nullish(),
  pooling_mode: z.union([z.string(), z.array(z.string())]).nullish(),
  pooling_mode_cls_token: flag,
  pooling_mode_mean_tokens: flag,
  pooling_mode_max_tokens: flag,
  pooling_mode_mean_sqrt_len_tokens: flag,
  pooling_mode_weightedmean_tokens: flag,
  pooling_mode_lasttoken: flag,
});

const modulesSchema = z.array(z.looseObject({ type: z.string(), path: z.string().nullish() }));
const sentenceSchema = z.looseObject({ max_seq_length: count.nullish(), do_lower_case: flag });
/** Texts that sentence-transformers writes before others, by name, and the one for all texts. */
const promptsSchema = z.looseObject({
  prompts: fieldsOf(z.string(), maxPrompts).nullish(),
  default_prompt_name: z.string().nullish(),
});
/** Without a maximum, transformers writes 1e30. */
const tokenizerSchema = z.looseObject({ model_max_length: z.number().positive().nullish() });
const modelSchema = z.looseObject({
  model_type: z.string().nullish(),
  hidden_size: count.nullish(),
  vocab_size: count.nullish(),
  max_position_embeddings: z.int().nullish(),
  pad_token_id: z.int().nullish(),
});

/** Models whose positions start after the id of the padding token. */
const shiftedPositions = /roberta|camembert|xlm|mpnet|longformer/;

/** File with the prompts of a model. */
const promptsFile = 'config_sentence_transformers.json';

/**
 * Reads `1_Pooling/config.json`, `modules.json`, `sentence_bert_config.json`,
 * `config_sentence_transformers.json`, `tokenizer_config.json` and `config.json`, as far as they
 * exist.
 *
 * @param wanted Pooling that the user sets, which then replaces that of the files.
 * @param read Returns the text of a file in the encoder's folder, or undefined if there is none.
 * @throws UserError if a file cannot be understood, or asks for something that is unknown here.
 */
export async function readStoredSettings(
  wanted: Pooling | undefined,
  read: (name: string) => Promise<string | undefined>,
): Promise<StoredSettings> {
  const parsed = async <Value>(name: string, schema: z.ZodType<Value>) => {
    const source = await read(name);
    return source === undefined ? undefined : parseFile(source, name, schema);
  };
  const modules = await parsed('modules.json', modulesSchema);
  const folder = modules?.find(({ type }) => lastPart(type) === 'Pooling')?.path ?? '1_Pooling';
  const pooling = await parsed(`${folder}/config.json`, poolingSchema);
  const sentence = await parsed('sentence_bert_config.json', sentenceSchema);
  const tokenizer = await parsed('tokenizer_config.json', tokenizerSchema);
  const config = await parsed('config.json', modelSchema);
  refusePrompt((await parsed(promptsFile, promptsSchema)) ?? {});
  refuseOtherModules(modules ?? []);
  const written = sentence?.max_seq_length ?? tokenizer?.model_max_length ?? undefined;
  return {
    pooling: wanted ?? (pooling && poolingOf(pooling, `${folder}/config.json`)),
    normalize: modules?.some(({ type }) => lastPart(type) === 'Normalize') ?? false,
    lowercase: sentence?.do_lower_case === true,
    maxLength: written !== undefined && written < 1e6 ? Math.floor(written) : undefined,
    positions: config && positionsOf(config),
    dimension: pooling?.word_embedding_dimension ?? config?.hidden_size ?? undefined,
    vocabulary: config?.vocab_size ?? undefined,
    config,
  };
}

/** Makes a function that reads files of a folder; '' is the whole store. */
export function folderReader(store: ObjectStore, folder: string) {
  return async (name: string): Promise<string | undefined> => {
    const key = keyIn(folder, name);
    return (await store.head(key)) ? readJsonText(store, key) : undefined;
  };
}

/** @throws UserError if a file does not have the expected form. */
export function parseFile<Value>(source: string, name: string, schema: z.ZodType<Value>): Value {
  let json: unknown;
  try {
    json = JSON.parse(source);
  } catch (error) {
    throw new UserError(
      `the encoder's ${name} is not JSON: ${(error as Error).message}`,
      correction(name),
    );
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new UserError(
    `the encoder's ${name} cannot be understood:\n${z.prettifyError(result.error)}`,
    correction(name),
  );
}

function correction(name: string): string {
  return `Correct ${name}, or remove it and write its settings as fields of the encoder in distill.yaml.`;
}

function lastPart(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}

/** Modules of sentence-transformers that are in the ONNX file, or that are done here. */
const knownModules = ['Transformer', 'Pooling', 'Normalize'];

/** @throws UserError for a module that would change the embedding, such as Dense. */
function refuseOtherModules(modules: z.infer<typeof modulesSchema>): void {
  const other = modules.find(({ type }) => !knownModules.includes(lastPart(type)));
  if (other === undefined) return;
  throw new UserError(
    `the encoder's modules.json has the module ${other.type}, which is not computed here`,
    'Export the whole sentence-transformers model as ONNX, with the output sentence_embedding, and remove modules.json.',
  );
}

/** @throws UserError if the model was made for texts after a prompt. */
function refusePrompt({ prompts, default_prompt_name: name }: z.infer<typeof promptsSchema>): void {
  const prompt = name ? prompts?.[name] : undefined;
  if (!prompt) return;
  throw new UserError(
    `the encoder's ${promptsFile} puts ${JSON.stringify(prompt)} before every text (default_prompt_name: ${JSON.stringify(name)}), and counterweight does not`,
    'Write it at the start of the texts, if the task needs it, and set default_prompt_name to null in a copy of the folder.',
  );
}

const poolingNames: Readonly<Record<string, Pooling>> = {
  cls: 'cls',
  mean: 'mean',
  max: 'max',
};

/** @throws UserError for a pooling that is unknown here. */
function poolingOf(found: z.infer<typeof poolingSchema>, name: string): Pooling | undefined {
  const modes = [found.pooling_mode ?? []].flat();
  const flags = Object.entries(found).filter(
    ([field, value]) => field.startsWith('pooling_mode_') && value === true,
  );
  modes.push(...flags.map(([field]) => field.replace(/^pooling_mode_|_tokens?$/g, '')));
  const [mode, ...others] = new Set(modes);
  if (mode === undefined) return undefined;
  const pooling = poolingNames[mode];
  if (pooling !== undefined && others.length === 0) return pooling;
  throw new UserError(
    `the encoder's ${name} has the pooling ${[mode, ...others].join(' and ')}; expected one of ${Object.keys(poolingNames).join(', ')}`,
    'Set encoder.pooling, if the model also serves with this pooling.',
  );
}

function positionsOf(config: z.infer<typeof modelSchema>): number | undefined {
  const { max_position_embeddings: positions, model_type: type, pad_token_id: pad } = config;
  if (positions === undefined || positions === null || positions < 1) return undefined;
  return shiftedPositions.test(type ?? '') ? positions - (pad ?? 1) - 1 : positions;
}
