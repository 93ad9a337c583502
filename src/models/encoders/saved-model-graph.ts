/**
 * Reads the structure of a TensorFlow SavedModel: nodes, functions, the outputs of its signature.
 * Field numbers are those of
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/meta_graph.proto
 */
import type { Readable } from 'node:stream';
import { maxNodes } from '../allowed/budget.ts';
import { dimension, type Port } from '../teachers/loaded-model.ts';
import {
  bytesIn,
  MalformedProtobuf,
  parseFields,
  readFields,
  text,
  textOf,
} from '../teachers/protobuf.ts';
import { type GraphNode, type ModelGraph, producersOf } from './model-graph.ts';

/** Fields of a node: name, operation, inputs, and the function that an attribute names. */
const node = { 1: 'value', 2: 'value', 3: 'value', 5: { 2: { 10: 'value' } } } as const;
/** Fields of a function: signature, nodes, and the tensor of each result. */
const body = { 1: 'value', 3: node, 4: 'value' } as const;
/** Fields of the file: nodes and functions of its graphs, and signatures. */
const wanted = { 2: { 2: { 1: node, 2: { 1: body } }, 5: 'value' } } as const;

/** A node, as far as it was read. */
interface FoundNode {
  name: string;
  operator: string;
  readonly inputs: string[];
  /** The function that a call runs. */
  called: string | undefined;
}

/** The main graph or a function, as far as it was read. */
interface Scope {
  name: string;
  /** Names of the results, in their order. */
  results: string[];
  /** The tensor of each result. */
  readonly returns: Map<string, string>;
  /** By their ordinal in the file. */
  readonly nodes: Map<number, FoundNode>;
}

const emptyScope = (): Scope => ({ name: '', results: [], returns: new Map(), nodes: new Map() });

/**
 * Reads the graph once, as a stream. A tensor inside a function is named `function>node` here. Such
 * a name is internal: TensorFlow cannot compute the tensor by it.
 *
 * @returns undefined if the file is damaged, has several graphs, or has far too many nodes; it is
 *   refused when it is loaded.
 */
export async function readSavedModelGraph(stream: Readable): Promise<ModelGraph | undefined> {
  const main = emptyScope();
  const functions = new Map<number, Scope>();
  const signatures: Uint8Array[] = [];
  const graphs = new Set<number>();
  try {
    for await (const { path, messages, value } of readFields(stream, wanted)) {
      graphs.add(messages[1]!);
      if (typeof value === 'number') continue;
      if (path[1] === 5) signatures.push(value);
      else if (path[2] === 1) addToNode(main, messages[3]!, path.slice(3), value);
      else addToFunction(entryOf(functions, messages[4]!, emptyScope), messages, path, value);
    }
    return graphs.size > 1 ? undefined : graphOf(main, [...functions.values()], signatures);
  } catch (error) {
    if (error instanceof MalformedProtobuf) return undefined;
    throw error;
  } finally {
    stream.destroy();
  }
}

function entryOf<Value>(map: Map<number, Value>, key: number, make: () => Value): Value {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

function addToFunction(
  scope: Scope,
  messages: readonly number[],
  path: readonly number[],
  value: Uint8Array,
): void {
  if (path[4] === 3) addToNode(scope, messages[5]!, path.slice(5), value);
  else if (path[4] === 1) {
    const signature = parseFields(value);
    scope.name = textOf(signature, 1);
    scope.results = bytesIn(signature, 3).map((result) => textOf(parseFields(result), 1));
  } else {
    const entry = parseFields(value);
    scope.returns.set(textOf(entry, 1), textOf(entry, 2));
  }
}

function addToNode(
  { nodes }: Scope,
  id: number,
  [field]: readonly number[],
  value: Uint8Array,
): void {
  const found = entryOf(nodes, id, (): FoundNode => {
    return { name: '', operator: '', inputs: [], called: undefined };
  });
  if (field === 1) found.name = text(value);
  else if (field === 2) found.operator = text(value);
  else if (field === 3) found.inputs.push(text(value));
  else found.called ??= textOf(parseFields(value), 1);
}

const calls = ['PartitionedCall', 'StatefulPartitionedCall'];
/** Nodes that compute nothing: inputs and weights. */
const sources = ['Placeholder', 'Const', 'VarHandleOp', 'ReadVariableOp'];

/** Joins the main graph, the functions, and the outputs of the signature `serving_default`. */
function graphOf(
  main: Scope,
  functions: readonly Scope[],
  signatures: readonly Uint8Array[],
): ModelGraph | undefined {
  const found = signatures.map(parseFields).find((entry) => textOf(entry, 1) === 'serving_default');
  const signature = found && bytesIn(found, 2)[0];
  if (signature === undefined) return undefined;
  const byName = new Map(functions.map((scope) => [scope.name, scope]));
  const ports = bytesIn(parseFields(signature), 2).map(parseOutput);
  const nodes = ports.map(({ port, tensor }) => copyOf(tensorOf('', tensor), port.name));
  for (const node of nodesOf([main, ...functions], byName)) {
    nodes.push(node);
    // Each call has all results of its function, so that a small file can have any number.
    if (nodes.length > maxNodes) return undefined;
  }
  const outputs = ports.map(({ port }) => port);
  return { producers: producersOf(nodes), outputs, hasInnerOutputs: false };
}

/** Lists the nodes of the graph and of functions; a call as a copy of each result. */
function* nodesOf(
  scopes: readonly Scope[],
  functions: ReadonlyMap<string, Scope>,
): Generator<GraphNode> {
  for (const scope of scopes) {
    for (const { name, operator, inputs, called } of scope.nodes.values()) {
      const own = tensorOf(scope.name, name);
      const callee = calls.includes(operator) ? functions.get(called ?? '') : undefined;
      if (callee !== undefined) {
        for (const [index, result] of callee.results.entries()) {
          const returned = tensorOf(callee.name, callee.returns.get(result) ?? '');
          yield copyOf(returned, index === 0 ? own : `${own}:${index}`);
        }
        continue;
      }
      const data = inputs.filter((tensor) => !tensor.startsWith('^'));
      yield {
        operator,
        inputs: data.map((tensor) => tensorOf(scope.name, tensor)),
        outputs: sources.includes(operator) ? [] : [own],
      };
    }
  }
}

function copyOf(tensor: string, name: string): GraphNode {
  return { operator: 'Identity', inputs: [tensor], outputs: [name] };
}

/**
 * Names a tensor. A function writes it as node:output:number, the main graph as node:number.
 * @example tensorOf('f', 'dense/Softmax:softmax:0') // 'f>dense/Softmax'
 */
function tensorOf(scope: string, tensor: string): string {
  const [name = '', ...output] = tensor.split(':');
  const number = output.at(-1) ?? '0';
  return `${scope}>${name}${number === '0' ? '' : `:${number}`}`;
}

/** Names of TensorFlow's types, by number. */
const types: Readonly<Record<number, string>> = {
  ...{ 1: 'float32', 2: 'double', 3: 'int32', 7: 'string', 9: 'int64', 10: 'bool', 19: 'half' },
};

/** Parses an output of a signature: its name, tensor, type and shape. */
function parseOutput(bytes: Uint8Array): { port: Port; tensor: string } {
  const entry = parseFields(bytes);
  const info = parseFields(bytesIn(entry, 2)[0] ?? new Uint8Array(0));
  const shape = bytesIn(info, 3)[0];
  const sizes = shape && bytesIn(parseFields(shape), 2).map(sizeOf);
  const type = Number(info.get(2)?.[0] ?? 0);
  const port = {
    name: textOf(entry, 1),
    dtype: types[type] ?? `type ${type}`,
    // A shape of unknown rank is empty.
    shape: sizes?.length ? sizes : undefined,
  };
  return { port, tensor: textOf(info, 1) };
}

function sizeOf(bytes: Uint8Array): number | undefined {
  const size = parseFields(bytes).get(1)?.[0];
  return typeof size === 'number' ? dimension(size) : undefined;
}
