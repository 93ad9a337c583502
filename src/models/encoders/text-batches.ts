import { UserError } from '../../errors.ts';
import { type InputTensor, type Port, portsText } from '../teachers/loaded-model.ts';
import type { InputBatch } from './input-batch.ts';
import type { TextTokenizer, Tokens } from './tokenizer.ts';

export interface TextBatchesOptions {
  readonly inputs: readonly Port[];
  readonly tokenizer: TextTokenizer;
  /** Maximum number of texts per batch. */
  readonly batchSize: number;
  /** Name of the model in errors. */
  readonly source: string;
}

/** A text of a list, by its position. */
export interface TokenizedText {
  readonly row: number;
  readonly tokens: Tokens;
}

/** Makes the tensors that a transformer reads. */
export interface TextBatches {
  /** Returns two short texts, or one if the model reads only one. */
  probe(): InputBatch;
  /** Returns a text of the maximum length: the model must know as many positions. */
  longest(): InputBatch;
  /**
   * Yields batches of texts. They are sorted by length, so that a batch is not filled up to the
   * longest text of all.
   */
  of(texts: readonly TokenizedText[]): Generator<InputBatch>;
}

/** Maximum number of tokens per batch and text of the batch size: longer texts, smaller batches. */
const tokensPerText = 256;

/** @throws UserError if the model has an input that is not known here. */
export function textBatches(options: TextBatchesOptions): TextBatches {
  const { inputs, tokenizer, batchSize, source } = options;
  const ports = inputs.map((port) => ({ port, read: roleOf(port, inputs, source) }));
  const [fixedBatch, fixedLength] = inputs[0]?.shape ?? [];
  const batchOf = (texts: readonly TokenizedText[]): InputBatch => {
    const n = fixedBatch ?? texts.length;
    const tokens = texts.map((text) => text.tokens);
    const length = fixedLength ?? Math.max(1, ...tokens.map(({ ids }) => ids.length));
    const shape = [n, length];
    const feeds = ports.map(({ port, read }): InputTensor => {
      const fill = read === valueOfId ? tokenizer.padId : 0;
      return { name: port.name, shape, values: tensorOf(port, tokens, shape, read, fill) };
    });
    // A blank row counts as one token, to avoid a division by zero.
    const lengths = Array.from({ length: n }, (_, row) => tokens[row]?.ids.length || 1);
    return { rows: texts.map(({ row }) => row), feeds, lengths };
  };
  const tokenized = (texts: readonly string[]) =>
    texts.map((text, row) => ({ row, tokens: tokenizer.tokenize(text) }));
  return {
    probe: () => batchOf(tokenized(['a', 'a b c']).slice(0, fixedBatch)),
    longest: () => batchOf(tokenized([longText(tokenizer.maxLength)])),
    *of(texts) {
      const sorted = texts.toSorted(
        (a, b) => b.tokens.ids.length - a.tokens.ids.length || a.row - b.row,
      );
      for (let start = 0; start < sorted.length; ) {
        const longest = fixedLength ?? Math.max(1, sorted[start]!.tokens.ids.length);
        const most = Math.floor((batchSize * tokensPerText) / longest);
        const count = fixedBatch ?? Math.max(1, Math.min(batchSize, most));
        yield batchOf(sorted.slice(start, start + count));
        start += count;
      }
    },
  };
}

/** Returns a text of at least so many tokens. */
export function longText(tokens: number): string {
  return 'a '.repeat(tokens);
}

type ValueOf = (tokens: Tokens, position: number) => number;

const valueOfId: ValueOf = ({ ids }, position) => ids[position]!;

/** Values of the inputs of a transformer, by the names of transformers and of TensorFlow Hub. */
const roles: Readonly<Record<string, ValueOf>> = {
  input_ids: valueOfId,
  input_word_ids: valueOfId,
  attention_mask: () => 1,
  input_mask: () => 1,
  token_type_ids: () => 0,
  input_type_ids: () => 0,
  segment_ids: () => 0,
  position_ids: (_, position) => position,
};

function roleOf({ name }: Port, inputs: readonly Port[], source: string): ValueOf {
  // TensorFlow names a tensor by its node and the index of the output.
  const role = roles[name.replace(/:\d+$/, '').replace(/^serving_default_/, '')];
  if (role !== undefined) return role;
  throw new UserError(
    `${source} has the input '${name}', which an encoder of texts does not have; it reads ${portsText(inputs)}`,
    `Export the encoder alone, with the inputs ${Object.keys(roles).slice(0, 1)} and attention_mask.`,
  );
}

/** Makes a tensor, [n, length], in the type of the input. */
function tensorOf(
  { dtype }: Port,
  texts: readonly Tokens[],
  [n, length]: readonly number[],
  read: ValueOf,
  fill: number,
): InputTensor['values'] {
  const size = n! * length!;
  const write = <Value>(
    values: { [index: number]: Value },
    convert: (value: number) => Value,
  ): void => {
    for (const [row, tokens] of texts.entries()) {
      const start = row * length!;
      for (let position = 0; position < tokens.ids.length; position++) {
        values[start + position] = convert(read(tokens, position));
      }
    }
  };
  if (dtype === 'int64') {
    const values = new BigInt64Array(size).fill(BigInt(fill));
    write(values, BigInt);
    return values;
  }
  const values = (dtype === 'float32' ? new Float32Array(size) : new Int32Array(size)).fill(fill);
  write(values, Number);
  return values;
}

/** Returns the input with the ids of tokens. */
export function idsInput(inputs: readonly Port[]): string | undefined {
  return inputs.map(({ name }) => name).find((name) => roles[name] === valueOfId);
}
