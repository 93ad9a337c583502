import type { Feed } from '../graph-session.ts';
import { savedModelBytes } from '../saved-graph.ts';
import type { InputTensor } from '../teachers/loaded-model.ts';
import { outputName, type Program, type RawInput, type Value } from './operations.ts';
import { GraphNodes, typed, typeNumber } from './tensorflow-nodes.ts';
import { appendTensorFlowStep } from './tensorflow-steps.ts';

/** Names of the node of an input, and of the nodes whose sum is its default. */
function inputNodes(index: number) {
  const whole = `input_${index}`;
  // Three numbers of 24 bits hold the 53 bits of a float64.
  return { whole, parts: [0, 1, 2].map((part) => `${whole}_part_${part}`) };
}

/**
 * Encodes a program as a SavedModel without variables: all weights are constants. Inputs of float64
 * have a default, the sum of three inputs of float32: TensorFlow.js, which checks the file, has no
 * float64.
 */
export function tensorFlowBytes({ inputs, operations, output }: Program): Uint8Array {
  const graph = new GraphNodes();
  const names = new Map<string, string>();
  const ports = inputs.map(({ value, type }, index) => {
    const node = appendInput(graph, index, { value, type });
    names.set(value.name, node);
    return { name: value.name, node, type: typeNumber(type), shape: [-1, ...value.shape] };
  });
  const nameOf = ({ name }: Value) => names.get(name)!;
  for (const operation of operations) {
    names.set(operation.output.name, appendTensorFlowStep(graph, operation, nameOf));
  }
  const node = graph.node('Identity', [nameOf(output)], outputName);
  const type = typeNumber('float32');
  const outputs = [{ name: outputName, node, type, shape: [-1, ...output.shape] }];
  return savedModelBytes(graph.nodes, { inputs: ports, outputs });
}

function appendInput(
  graph: GraphNodes,
  index: number,
  { value, type }: Pick<RawInput, 'value' | 'type'>,
): string {
  const { whole, parts } = inputNodes(index);
  if (type !== 'float64') return graph.input(whole, type, value.shape);
  const doubles = parts.map((part) => {
    const attributes = [typed('SrcT', 'float32'), typed('DstT', 'float64')];
    return graph.node('Cast', [graph.input(part, 'float32', [])], part, attributes, 'none');
  });
  const sum = doubles.reduce((a, b) =>
    graph.node('AddV2', [a, b], `${whole}_default`, [], 'float64'),
  );
  return graph.inputWithDefault(whole, sum);
}

/** Returns the values of the nodes for the inputs, in the order of the program. */
export function graphFeeds(feeds: readonly InputTensor[]): Map<string, Feed> {
  const nodes = new Map<string, Feed>();
  for (const [index, { shape, values }] of feeds.entries()) {
    const { whole, parts } = inputNodes(index);
    if (!(values instanceof Float64Array)) {
      // Programs have no inputs of other types.
      nodes.set(whole, { shape, values: values as Feed['values'] });
      continue;
    }
    let rest = values;
    for (const part of parts) {
      const rounded = Float32Array.from(rest);
      nodes.set(part, { shape, values: rounded });
      rest = rest.map((value, row) => (Number.isFinite(rounded[row]) ? value - rounded[row]! : 0));
    }
  }
  return nodes;
}
