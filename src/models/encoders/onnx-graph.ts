/** Reads the structure of an ONNX file: nodes and shapes of weights, not the weights. */
import type { Readable } from 'node:stream';
import type { Port } from '../teachers/loaded-model.ts';
import { parsePort } from '../teachers/onnx-file.ts';
import {
  bytesIn,
  integersOf,
  MalformedProtobuf,
  parseFields,
  readFields,
  text,
  textOf,
} from '../teachers/protobuf.ts';
import { type GraphNode, type ModelGraph, producersOf, sourceFinder } from './model-graph.ts';

export interface OnnxGraph extends ModelGraph {
  readonly nodes: readonly GraphNode[];
  /** Shapes of the weights, by name. */
  readonly weights: ReadonlyMap<string, readonly number[]>;
  /** Inputs, without those that are only names of weights. */
  readonly inputs: readonly Port[];
}

/** The graph: nodes, weights (their shape and name), inputs, outputs. */
const wanted = {
  7: { 1: 'value', 5: { 1: 'short', 8: 'value' }, 11: 'value', 12: 'value' },
} as const;

/**
 * Reads the graph once, as a stream.
 * @returns undefined if the file is damaged; onnxruntime then reports what is wrong.
 */
export async function readOnnxGraph(stream: Readable): Promise<OnnxGraph | undefined> {
  const nodes: GraphNode[] = [];
  const weights = new Map<string, readonly number[]>();
  const inputs: Port[] = [];
  const outputs: Port[] = [];
  let shape: number[] = [];
  try {
    for await (const { path, value } of readFields(stream, wanted)) {
      const where = path.join('.');
      if (where === '7.5.1') shape.push(...integersOf(value));
      else if (typeof value === 'number') continue;
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
  const own = inputs.filter(({ name }) => !weights.has(name));
  const producers = producersOf(nodes);
  return { nodes, producers, weights, inputs: own, outputs, hasInnerOutputs: true };
}

function parseNode(bytes: Uint8Array): GraphNode {
  const fields = parseFields(bytes);
  return {
    operator: textOf(fields, 4),
    inputs: bytesIn(fields, 1).map(text),
    outputs: bytesIn(fields, 2).map(text),
  };
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
  const sourceOf = sourceFinder(graph);
  for (const { operator, inputs } of graph.nodes) {
    const [indices, table] = lookups[operator] ?? [];
    if (indices === undefined || table === undefined) continue;
    if (sourceOf(inputs[indices]) !== input) continue;
    const shape = graph.weights.get(sourceOf(inputs[table]) ?? '');
    if (shape?.length === 2) return shape[0];
  }
  return undefined;
}
