/** The structure of a model: which operators compute its outputs. */
import type { Port } from '../teachers/loaded-model.ts';

export interface GraphNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface ModelGraph {
  readonly nodes: readonly GraphNode[];
  /** The node that computes a tensor, by the tensor. */
  readonly producers: ReadonlyMap<string, GraphNode>;
  readonly outputs: readonly Port[];
  /** Whether a tensor inside can be computed, too, by its name. */
  readonly isOpen: boolean;
}

/** Finds the node that computes each tensor: the first one, if a damaged graph has several. */
export function producersOf(nodes: readonly GraphNode[]): Map<string, GraphNode> {
  const producers = new Map<string, GraphNode>();
  for (const node of nodes.toReversed()) {
    for (const name of node.outputs) if (name !== '') producers.set(name, node);
  }
  return producers;
}

/** Returns the node that computes a tensor; undefined for an input or a weight. */
export function producerOf(
  { producers }: ModelGraph,
  tensor: string | undefined,
): GraphNode | undefined {
  return tensor === undefined ? undefined : producers.get(tensor);
}

/** Returns the operator that computes a tensor, apart from copies. */
export function operatorOf(graph: ModelGraph, tensor: string): string | undefined {
  return producerOf(graph, sourceOf(graph, tensor, ['Identity']))?.operator;
}

const quantizing = ['QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear'];
/** Operators that pass on the numbers of their first input: other types, shapes or precision. */
const passing = [
  ...quantizing,
  ...['Identity', 'Cast', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Dropout'],
];

/** Returns the first tensor before a tensor that is not computed by one of the operators. */
export function sourceOf(
  graph: ModelGraph,
  tensor: string | undefined,
  operators: readonly string[] = passing,
): string | undefined {
  let source = tensor;
  // A damaged graph may be a circle.
  const seen = new Set<GraphNode>();
  for (;;) {
    const node = producerOf(graph, source);
    if (!node || !operators.includes(node.operator) || seen.has(node)) return source;
    seen.add(node);
    source = node.inputs[0];
  }
}

/** Layers that score classes. */
const scoring = new Set([
  ...['Gemm', 'MatMul', 'MatMulInteger', 'FusedMatMul', 'QLinearMatMul', 'QGemm'],
  // TensorFlow. MobileNets of its authors score classes by a convolution of one pixel.
  ...['_FusedMatMul', 'Conv2D', '_FusedConv2D'],
]);
/** Operators between the scores and an output. */
const afterScores = new Set([
  ...['Softmax', 'LogSoftmax', 'Sigmoid', 'Add', 'Mul', 'Div', ...passing],
  ...['AddV2', 'BiasAdd', 'RealDiv'],
]);

/** Returns the input of the last layer with weights before an output: the penultimate tensor. */
export function penultimate(graph: ModelGraph, output: string): string | undefined {
  const waiting = [output];
  // Many nodes may have the same input, and a damaged graph may be a circle.
  const seen = new Set<GraphNode>();
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
