/**
 * Reads facts from an ONNX file that onnxruntime does not report. Field numbers are those of
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import type { Readable } from 'node:stream';
import { bytesField, integerField } from '../protobuf-write.ts';
import { dimension, type Port } from './loaded-model.ts';
import {
  bytesIn,
  integersIn,
  MalformedProtobuf,
  parseFields,
  readFields,
  text,
  textOf,
} from './protobuf.ts';

/** Facts about an ONNX model. All lists are empty if the file is damaged. */
export interface OnnxFacts {
  /** Paths of files with weights, relative to the model's folder; each once. */
  readonly externalData: readonly string[];
  /** Inputs, without those that are only initializers' names. */
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Tensors that ZipMap nodes turn into maps of probabilities, unless they are outputs too. */
  readonly zipped: readonly string[];
  /** Class labels of the last classifier of the ONNX-ML operators. */
  readonly classLabels: readonly string[] | undefined;
}

const tensor = { 13: 'value' } as const;
const sparseTensor = { 1: tensor, 2: tensor };
const wanted = {
  // The graph: nodes, initializers, inputs, outputs, sparse initializers.
  7: { 1: 'value', 5: { ...tensor, 8: 'value' }, 11: 'value', 12: 'value', 15: sparseTensor },
  // Functions: nodes.
  25: { 7: 'value' },
} as const;

/** Maximum number of nested graphs; protobuf itself reads no more than 100 levels. */
export const maxGraphs = 30;

/** Reads the file once, as a stream. Nodes are in memory one at a time, weights never. */
export async function readOnnxFacts(stream: Readable): Promise<OnnxFacts> {
  const externalData = new Set<string>();
  const initializers = new Set<string>();
  const inputs: Port[] = [];
  const outputs: Port[] = [];
  const zipped: string[] = [];
  let classLabels: readonly string[] | undefined;
  try {
    for await (const { path, value } of readFields(stream, wanted)) {
      if (typeof value === 'number') continue;
      const where = path.join('.');
      if (path.at(-1) === 13) addLocation(value, externalData);
      else if (where === '7.5.8') initializers.add(text(value));
      else if (where === '7.11') inputs.push(parsePort(value));
      else if (where === '7.12') outputs.push(parsePort(value));
      else {
        const node = parseNode(value, externalData, 0);
        if (node.operator === 'ZipMap') zipped.push(...node.inputs.slice(0, 1));
        classLabels = node.classLabels ?? classLabels;
      }
    }
  } catch (error) {
    // onnxruntime reports what is wrong with a damaged file.
    if (error instanceof MalformedProtobuf) return noFacts;
    throw error;
  } finally {
    stream.destroy();
  }
  const returned = new Set(outputs.map(({ name }) => name));
  return {
    externalData: [...externalData],
    inputs: inputs.filter(({ name }) => !initializers.has(name)),
    outputs,
    zipped: zipped.filter((name) => !returned.has(name)),
    classLabels,
  };
}

const noFacts: OnnxFacts = {
  externalData: [],
  inputs: [],
  outputs: [],
  zipped: [],
  classLabels: undefined,
};

/** Adds the file of an entry of `external_data`: a key and a value. */
function addLocation(entry: Uint8Array, found: Set<string>): void {
  const fields = parseFields(entry);
  if (textOf(fields, 1) === 'location') found.add(textOf(fields, 2));
}

interface Node {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly classLabels: readonly string[] | undefined;
}

/**
 * Parses a node, and adds the files of the tensors in its attributes.
 * @param depth Number of graphs around it, without the main one.
 */
function parseNode(bytes: Uint8Array, externalData: Set<string>, depth: number): Node {
  if (depth > maxGraphs) throw new MalformedProtobuf('its graphs are nested too deeply');
  const fields = parseFields(bytes);
  const isMl = textOf(fields, 7) === 'ai.onnx.ml';
  let classLabels: readonly string[] | undefined;
  for (const attribute of bytesIn(fields, 5).map(parseFields)) {
    for (const nested of [...bytesIn(attribute, 5), ...bytesIn(attribute, 10)]) {
      addLocations(nested, externalData);
    }
    for (const nested of [...bytesIn(attribute, 22), ...bytesIn(attribute, 23)]) {
      addSparseLocations(nested, externalData);
    }
    for (const graph of [...bytesIn(attribute, 6), ...bytesIn(attribute, 11)]) {
      parseGraph(graph, externalData, depth + 1);
    }
    if (!isMl || !textOf(attribute, 1).startsWith('classlabels_')) continue;
    const labels = [...bytesIn(attribute, 9).map(text), ...integersIn(attribute, 8).map(String)];
    if (labels.length > 0) classLabels = labels;
  }
  return { operator: textOf(fields, 4), inputs: bytesIn(fields, 1).map(text), classLabels };
}

/** Adds the files of a graph inside an attribute: a branch or the body of a loop. */
function parseGraph(bytes: Uint8Array, externalData: Set<string>, depth: number): void {
  const fields = parseFields(bytes);
  for (const initializer of bytesIn(fields, 5)) addLocations(initializer, externalData);
  for (const initializer of bytesIn(fields, 15)) addSparseLocations(initializer, externalData);
  for (const node of bytesIn(fields, 1)) parseNode(node, externalData, depth);
}

function addLocations(tensor: Uint8Array, externalData: Set<string>): void {
  for (const entry of bytesIn(parseFields(tensor), 13)) addLocation(entry, externalData);
}

function addSparseLocations(tensor: Uint8Array, externalData: Set<string>): void {
  const fields = parseFields(tensor);
  for (const part of [...bytesIn(fields, 1), ...bytesIn(fields, 2)]) {
    addLocations(part, externalData);
  }
}

/** Names of element types that teachers read. */
const elementTypes: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
};

/** Parses an input or an output of a graph. */
export function parsePort(bytes: Uint8Array): Port {
  const fields = parseFields(bytes);
  const type = bytesIn(fields, 2)[0];
  const tensorType = type && bytesIn(parseFields(type), 1)[0];
  const name = textOf(fields, 1);
  if (tensorType === undefined) return { name, dtype: 'map', shape: undefined };
  const parsed = parseFields(tensorType);
  const element = Number(parsed.get(1)?.[0]);
  const shape = bytesIn(parsed, 2)[0];
  return {
    name,
    dtype: elementTypes[element] ?? `type ${element}`,
    shape: shape && bytesIn(parseFields(shape), 1).map(parseDimension),
  };
}

function parseDimension(bytes: Uint8Array): number | undefined {
  const size = parseFields(bytes).get(1)?.[0];
  return typeof size === 'number' ? dimension(size) : undefined;
}

/**
 * Returns bytes that, appended to an ONNX file, make tensors of floats outputs of its graph.
 * Protobuf merges a field that occurs twice, so that the file needs no rewriting.
 */
export function outputsToAppend(names: readonly string[]): Uint8Array {
  const outputs = names.map((name) => {
    const floatTensor = bytesField(2, bytesField(1, integerField(1, 1)));
    return bytesField(12, Buffer.concat([bytesField(1, name), floatTensor]));
  });
  return bytesField(7, Buffer.concat(outputs));
}
