/** The structure of a model: which operators compute its outputs. */
import type { Port } from '../teachers/loaded-model.ts';

/** An operator, and the names of the tensors that it reads and computes. */
export interface GraphNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** The structure of a model, as far as its outputs need it. */
export interface ModelGraph {
  /** The node that computes a tensor, by the tensor. */
  readonly producers: ReadonlyMap<string, GraphNode>;
  readonly outputs: readonly Port[];
  /** Whether inner tensors can be chosen as outputs, by their names. */
  readonly hasInnerOutputs: boolean;
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
  return producerOf(graph, sourceFinder(graph, ['Identity'])(tensor))?.operator;
}

const quantizing = ['QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear'];
/** Operators that change at most the type, shape or precision of their first input. */
const passing = [
  ...quantizing,
  ...['Identity', 'Cast', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Dropout'],
];

/**
 * Makes a function that follows first inputs back to a tensor that none of the operators computes.
 * It remembers its results, because very many tensors may come from one long chain.
 */
export function sourceFinder(
  graph: ModelGraph,
  operators: readonly string[] = passing,
): (tensor: string | undefined) => string | undefined {
  const sources = new Map<string, string | undefined>();
  return (tensor) => {
    // A damaged graph may have a cycle.
    const passed = new Set<string>();
    let source = tensor;
    while (source !== undefined && !sources.has(source) && !passed.has(source)) {
      const node = producerOf(graph, source);
      if (!node || !operators.includes(node.operator)) break;
      passed.add(source);
      source = node.inputs[0];
    }
    const found = source !== undefined && sources.has(source) ? sources.get(source) : source;
    for (const name of passed) sources.set(name, found);
    return found;
  };
}

/** Layers that score classes. */
const scoring = new Set([
  ...['Gemm', 'MatMul', 'MatMulInteger', 'FusedMatMul', 'QLinearMatMul', 'QGemm'],
  // Those of TensorFlow, whose own MobileNets score classes by a 1×1 convolution.
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
  const sourceOf = sourceFinder(graph, quantizing);
  // Many nodes may have the same input, and a damaged graph may have a cycle.
  const seen = new Set<GraphNode>();
  while (waiting.length > 0) {
    const node = producerOf(graph, waiting.pop());
    if (node === undefined || seen.has(node)) continue;
    seen.add(node);
    if (scoring.has(node.operator)) {
      const input = sourceOf(node.inputs[0]);
      if (producerOf(graph, input)) return input;
    } else if (afterScores.has(node.operator)) {
      for (const input of node.inputs.toReversed()) waiting.push(input);
    }
  }
  return undefined;
}
