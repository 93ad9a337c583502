/** Teachers that are classifiers of texts, with their tokenizer. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { product } from '../../arrays.ts';
import { textsOf } from '../../data/features/kind.ts';
import { decisionsOf } from '../../debias/decisions.ts';
import { UserError } from '../../errors.ts';
import { readOnnxGraph, tableRows } from '../encoders/onnx-graph.ts';
import { readStoredSettings, type StoredSettings } from '../encoders/stored-settings.ts';
import { idsInput, type TextBatches, textBatches } from '../encoders/text-batches.ts';
import { createTokenizer, parseTokenizerFile } from '../encoders/tokenizer.ts';
import type { Inputs, Predictions, Teacher } from '../teacher.ts';
import { binaryRows, distributionReader } from './distributions.ts';
import { checkProblemType, columnOrder } from './label-names.ts';
import { type LoadedModel, ownModel, shapeText } from './loaded-model.ts';
import type { ModelTeacherOptions } from './model-teacher.ts';
import { checkClasses, classOutput, namedOutput } from './ports.ts';

export interface TextTeacherOptions extends ModelTeacherOptions {
  /** The local folder with the model's files. */
  readonly folder: string;
  /** Path of an ONNX file, whose vocabulary can be checked. */
  readonly onnx: string | undefined;
}

/** Maximum number of tokens per text, if the model could read more. */
const maxTokens = 512;
/** Texts per batch. */
const batchSize = 32;

/**
 * Makes a teacher of a classifier of texts, with the `tokenizer.json` beside it. The names of its
 * classes in `config.json` give their order.
 *
 * @throws UserError if a file is missing, or does not fit the model or the task; the model is then
 *   disposed of.
 */
export function textTeacher(model: LoadedModel, options: TextTeacherOptions): Promise<Teacher> {
  return ownModel(model, () => fitted(model, options));
}

async function fitted(model: LoadedModel, options: TextTeacherOptions): Promise<Teacher> {
  const { name, outputName, embeddingName, output, folder } = options;
  const classes = options.classes.length;
  const kind = { classes, output, multiLabel: options.multiLabel };
  const read = (file: string) => readFile(join(folder, file), 'utf8').catch(() => undefined);
  const settings = await readStoredSettings(undefined, read);
  checkProblemType(settings.config, kind, name);
  const order = columnOrder(settings.config, options.classes, name);
  const ports = [classOutput(model, name, kind, outputName, embeddingName)];
  if (embeddingName !== undefined) {
    ports.push(namedOutput(model, name, 'embeddingName', embeddingName));
  }
  const { tokenize, batches } = await textReader(model, options, settings, read);
  const names = ports.map((port) => port.name);
  const probe = batches.longest().feeds;
  const tried = await model.run(probe, names).catch((error: Error) => {
    throw new UserError(
      `${name} fails on inputs of ${probe.map(({ shape }) => shapeText(shape)).join(', ')}: ${error.message}`,
      'If it reads fewer tokens, put its tokenizer_config.json (model_max_length) and its config.json beside it.',
    );
  });
  checkClasses(tried[0]!.shape, names[0]!, name, kind);
  const sizes = tried.map(({ shape }) => product(shape.slice(1)));
  const toRows = distributionReader(output, decisionsOf(options, classes), name);
  const wide = sizes[0]! < classes ? binaryRows(output)! : (values: Float32Array) => values;
  return {
    embeddingSize: sizes[1],
    batchSize: options.batchSize,
    async predict({ rows }: Inputs): Promise<Predictions> {
      // The row of a text without tokens stays NaN, so that the text is quarantined.
      const texts = textsOf(rows)
        .map((text, row) => ({ row, tokens: tokenize(text) }))
        .filter(({ tokens }) => !tokens.isEmpty);
      const [scores, embeddings] = await runTexts(model, batches.of(texts), names, sizes, rows.n);
      return {
        probabilities: reordered(toRows(wide(scores!)), order, classes),
        ...(embeddings && { embeddings }),
        truncated: texts.filter(({ tokens }) => tokens.isTruncated).length,
      };
    },
    dispose() {
      model.dispose();
    },
  };
}

/** Makes the tokenizer and the tensors. */
async function textReader(
  { inputs }: LoadedModel,
  { name, onnx }: TextTeacherOptions,
  { maxLength, positions, vocabulary }: StoredSettings,
  read: (file: string) => Promise<string | undefined>,
) {
  const json = await read('tokenizer.json');
  if (json === undefined) {
    throw new UserError(
      `${name} reads texts, and there is no tokenizer.json beside it`,
      'Save it there: AutoTokenizer.from_pretrained(NAME).save_pretrained(FOLDER).',
    );
  }
  const config = (await read('tokenizer_config.json')) ?? '{}';
  const files = {
    tokenizer: parseTokenizerFile(json, 'tokenizer.json', name),
    config: parseTokenizerFile(config, 'tokenizer_config.json', name),
  };
  const fixedLength = inputs[0]?.shape?.[1];
  const most = Math.min(
    ...[maxLength, positions, fixedLength, maxTokens].map((n) => n ?? maxTokens),
  );
  const tokenizer = createTokenizer(files, most, name);
  const graph = onnx === undefined ? undefined : await readOnnxGraph(createReadStream(onnx));
  const ids = idsInput(inputs);
  const known = (graph && ids !== undefined && tableRows(graph, ids)) || vocabulary;
  if (known !== undefined && tokenizer.size > known) {
    throw new UserError(
      `the tokenizer.json of ${name} has ids up to ${tokenizer.size - 1}, and the model knows ${known} ids: they do not belong together`,
      'Give the tokenizer that the model was trained with.',
    );
  }
  const batches = textBatches({ inputs, tokenizer, batchSize, source: name });
  return { tokenize: tokenizer.tokenize, batches };
}

/** Runs the model on batches; returns each output, [n, size], in the order of the texts. */
async function runTexts(
  model: LoadedModel,
  batches: ReturnType<TextBatches['of']>,
  names: readonly string[],
  sizes: readonly number[],
  n: number,
): Promise<Float32Array[]> {
  const all = sizes.map((size) => new Float32Array(n * size).fill(Number.NaN));
  for (const { feeds, rows } of batches) {
    const results = await model.run(feeds, names);
    for (const [output, { values }] of results.entries()) {
      const size = sizes[output]!;
      for (const [index, row] of rows.entries()) {
        all[output]!.set(values.subarray(index * size, (index + 1) * size), row * size);
      }
    }
  }
  return all;
}

/** Moves the columns of the model to the order of the task's classes. */
function reordered(values: Float32Array, order: readonly number[], classes: number): Float32Array {
  return values.map((_, index) => {
    const column = index % classes;
    return values[index - column + order[column]!]!;
  });
}
