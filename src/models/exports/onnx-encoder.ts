/**
 * Appends a head to the ONNX file of its encoder. Protobuf merges a field that occurs twice, so
 * that the file needs no rewriting: the encoder keeps its inputs and outputs, and the output of the
 * student comes last.
 */
import { Readable } from 'node:stream';
import { product } from '../../arrays.ts';
import { type OnnxGraph, readOnnxGraph } from '../encoders/onnx-graph.ts';
import { bytesField } from '../protobuf-write.ts';
import { readOnnxFacts } from '../teachers/onnx-file.ts';
import { bytesIn, parseFields, textOf } from '../teachers/protobuf.ts';
import type { EncoderParts, HeadStudent } from './exporter.ts';
import { metadataOf } from './onnx-metadata.ts';
import { appendOperations } from './onnx-steps.ts';
import { elementType, metadataBytes, OnnxWriter } from './onnx-writer.ts';
import { NotExportable, OperationList, outputName } from './operations.ts';
import { appendHead } from './student-program.ts';

/** Put before the names of all values that are not the encoder's. */
const prefix = 'counterweight/';

/** Size that protobuf libraries read. */
const maxBytes = 2 ** 31 - 1;

/**
 * Makes the model of an encoder and a head.
 * @throws NotExportable if the encoder is not one ONNX file, or its pooling is not supported.
 */
export async function encoderWithHead(
  { model, description }: HeadStudent,
  encoder: EncoderParts,
): Promise<Buffer> {
  if (encoder.description.format !== 'onnx') {
    throw new NotExportable(`its encoder is a ${encoder.description.format}, not ONNX`);
  }
  const file = await encoder.readModel();
  const { externalData } = await readOnnxFacts(Readable.from([file]));
  if (externalData.length > 0) {
    throw new NotExportable("its encoder's weights are in a file of their own");
  }
  const graph = (await readOnnxGraph(Readable.from([file])))!;
  if (graph.nodes.some(({ outputs }) => outputs.includes(outputName))) {
    throw new NotExportable(`its encoder has a tensor '${outputName}'`);
  }
  const writer = new OnnxWriter(prefix);
  const pooled = appendPooling(writer, graph, opsetOf(file), encoder);
  const value = { name: pooled, shape: [dimensionOf(encoder)] };
  const head = appendHead(new OperationList(), model, description, value);
  appendOperations(writer, head);
  const output = { name: outputName, type: 'float32', shape: head.output.shape } as const;
  const parts = [
    file,
    bytesField(7, writer.bytes([output])),
    metadataBytes(metadataOf(description, inputTexts(graph, encoder))),
  ];
  if (parts.reduce((size, { length }) => size + length, 0) > maxBytes) {
    throw new NotExportable('its encoder is larger than 2 GiB');
  }
  return Buffer.concat(parts);
}

/** Returns the version of the standard operators that a model imports. */
function opsetOf(file: Uint8Array): number {
  const imports = bytesIn(parseFields(file), 8).map(parseFields);
  const standard = imports.find((fields) => ['', 'ai.onnx'].includes(textOf(fields, 1)));
  return Number(standard?.get(2)?.[0] ?? 1);
}

function dimensionOf({ output: { shape, channelsFirst } }: EncoderParts): number {
  return shape.length === 4 && channelsFirst ? shape[1]! : shape.at(-1)!;
}

/**
 * Appends the steps of `pool` and `normalizeRows` (`encoders/pooling.ts`).
 * @returns the name of the embeddings, [n, dimension].
 */
function appendPooling(
  writer: OnnxWriter,
  graph: OnnxGraph,
  opset: number,
  encoder: EncoderParts,
): string {
  if (opset < 11) throw new NotExportable(`its encoder has opset ${opset}, and 11 is needed`);
  const { output, description } = encoder;
  const floats = writer.node('Cast', [output.name], 'floats', { to: elementType('float32') });
  const pooled = poolValue(writer, floats, graph, opset, encoder);
  const flat = writer.node('Flatten', [pooled], 'embedding', { axis: 1 });
  if (!description.normalize) return flat;
  const length = reduce(writer, opset, 'ReduceL2', flat, 1);
  // A row of zeros stays as it is.
  const least = writer.constant('least_length', [], Float32Array.of(1e-30));
  return writer.node('Div', [flat, writer.node('Max', [length, least], 'length')], 'normalized');
}

function poolValue(
  writer: OnnxWriter,
  x: string,
  graph: OnnxGraph,
  opset: number,
  { output, description }: EncoderParts,
): string {
  const { shape, pooling, channelsFirst } = output;
  const isMap = shape.length === 4;
  const positions = product(shape.slice(1)) / (isMap && channelsFirst ? shape[1]! : shape.at(-1)!);
  const isText = description.reads === 'text';
  if (shape.length === 2 || (positions === 1 && !isText)) return x;
  if (isMap) {
    if (!channelsFirst || pooling === 'cls') throw unsupported(pooling);
    return writer.node(pooling === 'max' ? 'GlobalMaxPool' : 'GlobalAveragePool', [x], 'pooled');
  }
  if (pooling === 'cls') {
    const first = writer.constant('first', [], BigInt64Array.of(0n));
    return writer.node('Gather', [x, first], 'pooled', { axis: 1 });
  }
  if (!isText) return reduce(writer, opset, pooling === 'max' ? 'ReduceMax' : 'ReduceMean', x, 1);
  if (pooling !== 'mean') throw unsupported(pooling);
  const mask = graph.inputs.find(({ name }) => ['attention_mask', 'input_mask'].includes(name));
  if (!mask) throw new NotExportable('its encoder has no input attention_mask');
  const counts = writer.node('Cast', [mask.name], 'mask', { to: elementType('float32') });
  const rows = withAxes(writer, opset >= 13, 'Unsqueeze', counts, 1);
  const sums = writer.node('MatMul', [rows, x], 'sums');
  const tokens = withAxes(writer, opset >= 13, 'ReduceSum', rows, 2);
  return writer.node('Div', [sums, tokens], 'pooled');
}

function unsupported(pooling: string): NotExportable {
  return new NotExportable(`the pooling '${pooling}' of its encoder is not supported`);
}

/** Reduces an axis to one number. From opset 18 on, axes are an input. */
function reduce(writer: OnnxWriter, opset: number, operator: string, x: string, axis: number) {
  return withAxes(writer, opset >= 18, operator, x, axis);
}

/** Appends an operator along an axis, which is an input or an attribute. */
function withAxes(
  writer: OnnxWriter,
  isInput: boolean,
  operator: string,
  x: string,
  axis: number,
): string {
  if (!isInput) return writer.node(operator, [x], operator, { axes: [axis] });
  const axes = writer.constant(`${operator}_axes`, [1], BigInt64Array.of(BigInt(axis)));
  return writer.node(operator, [x, axes], operator);
}

/** Describes the inputs of the encoder. */
function inputTexts({ inputs }: OnnxGraph, { description }: EncoderParts): Record<string, string> {
  const { reads, maxLength, lowercase } = description;
  const text =
    reads === 'text'
      ? `tokens of the text by encoder/tokenizer.json, at most ${maxLength}${lowercase ? ', of the text in lower case' : ''}`
      : 'normalized pixels as features in encoder/encoder.json describes them';
  return Object.fromEntries(inputs.map(({ name }) => [name, text]));
}
