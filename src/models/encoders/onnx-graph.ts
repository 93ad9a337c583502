/** Reads the structure of an ONNX file: nodes and shapes of weights, not the weights. */
import type { Readable } from 'node:stream';
import type { Port } from '../teachers/loaded-model.ts';
import { bytesIn, parsePort, text, textOf, unpackedIntegers } from '../teachers/onnx-file.ts';
import { MalformedProtobuf, parseFields, readFields } from '../teachers/protobuf.ts';

export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  /** The node that computes a tensor, by the tensor. */
  readonly producers: ReadonlyMap<string, OnnxNode>;
  /** Shapes of the weights, by name. */
  readonly weights: ReadonlyMap<string, readonly number[]>;
  /** Inputs, without those that are only names of weights. */
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** The graph: nodes, weights (their shape and name), inputs, outputs. */
const wanted = {
  7: { 1: 'value', 5: { 1: 'value', 8: 'value' }, 11: 'value', 12: 'value' },
} as const;

/**
 * Reads the graph once, as a stream.
 * @returns undefined if the file is damaged; onnxruntime then reports what is wrong.
 */
export async function readOnnxGraph(stream: Readable): Promise<OnnxGraph | undefined> {
  const nodes: OnnxNode[] = [];
  const weights = new Map<string, readonly number[]>();
  const inputs: Port[] = [];
  const outputs: Port[] = [];
  let shape: number[] = [];
  try {
    for await (const { path, value } of readFields(stream, wanted)) {
      const where = path.join('.');
      if (where === '7.5.1') {
        const sizes = typeof value === 'number' ? [value] : unpackedIntegers(value).map(Number);
        shape = [...shape, ...sizes];
      } else if (typeof value === 'number') continue;
      else if (where === '7.5.8') {
        // The shape of a tensor comes before its name.
        weights.set(text(value), shape);
        shape = [];
      } else if (where === '7.1') nodes.push(parseNode(value));
      else if (where === '7.11') inputs.push(parsePort(value));
      else outputs.push(parsePort(value));
    }
  } catch (error) {
    if (error instanceof MalformedProtobuf) return undefined;
    throw error;
  } finally {
    stream.destroy();
  }
  const producers = new Map<string, OnnxNode>();
  for (const node of nodes.toReversed()) {
    for (const name of node.outputs) if (name !== '') producers.set(name, node);
  }
  const own = inputs.filter(({ name }) => !weights.has(name));
  return { nodes, producers, weights, inputs: own, outputs };
}

function parseNode(bytes: Uint8Array): OnnxNode {
  const fields = parseFields(bytes);
  return {
    operator: textOf(fields, 4),
    inputs: bytesIn(fields, 1).map(text),
    outputs: bytesIn(fields, 2).map(text),
  };
}

/** Returns the node that computes a tensor; undefined for an input or a weight. */
export function producerOf(
  { producers }: OnnxGraph,
  tensor: string | undefined,
): OnnxNode | undefined {
  return tensor === undefined ? undefined : producers.get(tensor);
}

const quantizing = ['QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear'];
/** Operators that pass on the numbers of their first input: other types, shapes or precision. */
const passing = [
  ...quantizing,
  ...['Identity', 'Cast', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Dropout'],
];

/** Returns the first tensor before a tensor that is not computed by one of the operators. */
function sourceOf(
  graph: OnnxGraph,
  tensor: string | undefined,
  operators: readonly string[] = passing,
): string | undefined {
  let source = tensor;
  // A damaged graph may be a circle.
  const seen = new Set<OnnxNode>();
  for (;;) {
    const node = producerOf(graph, source);
    if (!node || !operators.includes(node.operator) || seen.has(node)) return source;
    seen.add(node);
    source = node.inputs[0];
  }
}

/** Operators that look up rows, with the positions of their indices and their table. */
const lookups: Readonly<Record<string, readonly [indices: number, table: number]>> = {
  Gather: [1, 0],
  GatherBlockQuantized: [1, 0],
  EmbedLayerNormalization: [0, 2],
};

/**
 * Returns the number of rows of the table that an input of ids selects from: the size of the
 * vocabulary. Undefined if there is no such table.
 */
export function tableRows(graph: OnnxGraph, input: string): number | undefined {
  for (const { operator, inputs } of graph.nodes) {
    const [indices, table] = lookups[operator] ?? [];
    if (indices === undefined || table === undefined) continue;
    if (sourceOf(graph, inputs[indices]) !== input) continue;
    const shape = graph.weights.get(sourceOf(graph, inputs[table]) ?? '');
    if (shape?.length === 2) return shape[0];
  }
  return undefined;
}

/** Layers that score classes. */
const scoring = new Set([
  'Gemm',
  'MatMul',
  'MatMulInteger',
  'FusedMatMul',
  'QLinearMatMul',
  'QGemm',
]);
/** Operators between the scores and an output. */
const afterScores = new Set([
  ...['Softmax', 'LogSoftmax', 'Sigmoid', 'Add', 'Mul', 'Div', ...passing],
]);

/** Returns the input of the last layer with weights before an output: the penultimate tensor. */
export function penultimate(graph: OnnxGraph, output: string): string | undefined {
  const waiting = [output];
  // Many nodes may have the same input, and a damaged graph may be a circle.
  const seen = new Set<OnnxNode>();
  while (waiting.length > 0) {
    const node = producerOf(graph, waiting.pop());
    if (node === undefined || seen.has(node)) continue;
    seen.add(node);
    if (scoring.has(node.operator)) {
      const input = sourceOf(graph, node.inputs[0], quantizing);
      if (producerOf(graph, input)) return input;
    } else if (afterScores.has(node.operator)) {
      for (const input of node.inputs.toReversed()) waiting.push(input);
    }
  }
  return undefined;
}
