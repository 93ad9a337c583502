/**
 * Reads the facts of a SavedModel that its check needs. Field numbers are those of
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/meta_graph.proto
 */
import { createReadStream } from 'node:fs';
import {
  bytesIn,
  type FoundField,
  int32,
  integersOf,
  MalformedProtobuf,
  parseFields,
  readFields,
  text,
} from '../teachers/protobuf.ts';

/** A tensor: its type, shape, and short contents (as bytes, int32 or int64). */
const tensor = { 1: 'value', 2: 'value', 4: 'short', 7: 'short', 10: 'short' } as const;
/** An attribute: its name, and its value: a list, a tensor, or a function. */
const attribute = { 1: 'value', 2: { 1: 'value', 8: tensor, 10: 'value' } } as const;
/** Name, operation, inputs, attributes. */
const node = { 1: 'value', 2: 'value', 3: 'value', 5: attribute } as const;
/** Signature with the name, nodes, attributes of a function. */
const functionOfGraph = { 1: { 1: 'value' }, 3: node, 5: { 1: 'value' } } as const;
/** Per meta graph: graph and functions, saver, collections, signatures, assets. */
const wanted = {
  2: {
    2: { 1: node, 2: { 1: functionOfGraph } },
    3: { 1: 'value', 3: 'value' },
    4: { 1: 'value', 2: 'value' },
    5: { 1: 'value', 2: 'value' },
    6: { 2: 'value' },
  },
} as const;

/** A node of a graph or a function. */
export interface FoundNode {
  name: string;
  /** One; several only in a file that no library writes. */
  readonly operations: string[];
  /** Names of nodes, without the number of the output. */
  readonly inputs: string[];
  /** Names of functions in the attributes. */
  readonly functions: string[];
  /** Tensors in the attributes, by the ordinal of the attribute. A constant has one. */
  readonly constants: Map<number, FoundConstant>;
}

/** A tensor in an attribute. */
export interface FoundConstant {
  type: number;
  readonly shape: number[];
  readonly values: number[];
}

/** A graph or a function. */
export interface Scope {
  name: string;
  readonly nodes: Map<number, FoundNode>;
  /** Whether TensorFlow may put it in the place of another function. */
  isSwapped: boolean;
}

/** Facts about a file that can be judged when all of it is read. */
export interface Facts {
  readonly main: Scope;
  /** By their ordinal in the file. */
  readonly functions: Map<number, Scope>;
  /** Names of nodes of the main graph that run when the model is loaded or called. */
  readonly runs: string[];
  /** Names of nodes that run when variables are restored. */
  readonly restores: string[];
  /** Names of nodes that TensorFlow gives the path of the weights in the model's folder. */
  readonly paths: Set<string>;
  readonly assets: string[];
}

/** Reads the facts, with memory for the nodes. @throws MalformedProtobuf if it is damaged. */
export async function readFacts(path: string): Promise<Facts> {
  const facts: Facts = {
    main: { name: '', nodes: new Map(), isSwapped: false },
    ...{ functions: new Map(), runs: [], restores: [], paths: new Set(), assets: [] },
  };
  const stream = createReadStream(path, { highWaterMark: 2 ** 20 });
  try {
    for await (const field of readFields(stream, wanted)) {
      const { path: at, value } = field;
      if (at[1] === 2 && at[2] === 1) addToNode(facts.main, field, 3);
      else if (at[1] === 2) addToFunction(facts.functions, field);
      else if (typeof value === 'number') continue;
      else if (at[1] === 3) {
        if (at[2] === 1) facts.paths.add(nodeName(text(value)));
        else facts.restores.push(nodeName(text(value)));
      } else if (at[1] === 6) facts.assets.push(text(value));
      else if (at[1] === 5 && at[2] === 2) addNamesWithin(value, facts.runs);
      else if (at[1] === 4 && at[2] === 2) {
        // TensorFlow runs nodes that a collection names in a list of nodes.
        for (const list of bytesIn(parseFields(value), 1)) addNamesWithin(list, facts.runs);
      }
    }
  } finally {
    stream.destroy();
  }
  return facts;
}

/** Adds a field of a function. */
function addToFunction(functions: Map<number, Scope>, field: FoundField): void {
  const { path: at, messages, value } = field;
  const id = messages[4]!;
  const scope = functions.get(id) ?? { name: '', nodes: new Map(), isSwapped: false };
  functions.set(id, scope);
  if (at[4] === 3) addToNode(scope, field, 5);
  else if (typeof value === 'number') return;
  else if (at[4] === 1) scope.name = text(value);
  else if (/implements/.test(text(value))) scope.isSwapped = true;
}

/**
 * Adds a field of a node.
 * @param depth Number of messages around the node.
 */
function addToNode({ nodes }: Scope, { path: at, messages, value }: FoundField, depth: number) {
  const id = messages[depth]!;
  const found = nodes.get(id) ?? emptyNode();
  nodes.set(id, found);
  const [field, inAttribute, inValue, inTensor] = at.slice(depth);
  if (field === 5) {
    if (inAttribute !== 2) return;
    if (inValue === 8) addToConstant(constantOf(found, messages[depth + 1]!), inTensor!, value);
    else if (typeof value !== 'number') addFunctions(found, inValue!, value);
    return;
  }
  if (typeof value === 'number') return;
  if (field === 1) found.name = text(value);
  if (field === 2) found.operations.push(text(value));
  if (field === 3) found.inputs.push(nodeName(text(value)));
}

function emptyNode(): FoundNode {
  return { name: '', operations: [], inputs: [], functions: [], constants: new Map() };
}

function constantOf({ constants }: FoundNode, attribute: number): FoundConstant {
  const found = constants.get(attribute) ?? { type: 0, shape: [], values: [] };
  constants.set(attribute, found);
  return found;
}

/** Adds a part of a tensor. TensorFlow merges tensors that come several times in an attribute. */
function addToConstant(constant: FoundConstant, part: number, value: FoundField['value']): void {
  if (part === 1 && typeof value === 'number') constant.type = int32(value);
  else if (part === 7) constant.values.push(...integersOf(value).map(int32));
  else if (part === 10) constant.values.push(...integersOf(value));
  if (typeof value === 'number') return;
  if (part === 2) for (const size of shapeOf(value)) constant.shape.push(size);
  else if (part === 4) constant.values.push(...integers(value, constant.type));
}

/** Adds the functions in an attribute: one, or a list. */
function addFunctions({ functions }: FoundNode, kind: number, value: Uint8Array): void {
  if (kind === 10) addFunctionNames(value, functions);
  if (kind !== 1) return;
  for (const each of bytesIn(parseFields(value), 9)) addFunctionNames(each, functions);
}

/** Adds the name of a function, and of functions in its own attributes. */
function addFunctionNames(bytes: Uint8Array, names: string[], depth = 0): void {
  if (depth > 20) throw new MalformedProtobuf('functions inside each other');
  const fields = parseFields(bytes);
  for (const name of bytesIn(fields, 1)) names.push(text(name));
  for (const entry of bytesIn(fields, 2).map(parseFields)) {
    for (const value of bytesIn(entry, 2).map(parseFields)) {
      for (const each of bytesIn(value, 10)) addFunctionNames(each, names, depth + 1);
      for (const list of bytesIn(value, 1).map(parseFields)) {
        for (const each of bytesIn(list, 9)) addFunctionNames(each, names, depth + 1);
      }
    }
  }
}

function shapeOf(bytes: Uint8Array): number[] {
  const sizes = bytesIn(parseFields(bytes), 2).map((axis) => parseFields(axis).get(1)?.at(-1) ?? 0);
  // An open size is -1, which a constant does not have.
  return sizes.map((size) => (typeof size === 'number' && size >= 0 ? size : 1));
}

/** Reads the contents of a tensor of int32 (3) or int64 (9). */
function integers(bytes: Uint8Array, type: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = type === 9 ? 8 : 4;
  return Array.from({ length: Math.floor(bytes.byteLength / size) }, (_, index) =>
    size === 8 ? Number(view.getBigInt64(8 * index, true)) : view.getInt32(4 * index, true),
  );
}

/** Returns the name of the node in the name of a tensor: `^a` and `a:1` are of a. */
function nodeName(tensor: string): string {
  return tensor.replace(/^\^/, '').replace(/:.*$/, '');
}

/**
 * Adds the names in a signature or a collection: all texts at any depth. A text that is not the
 * name of a node changes nothing.
 */
function addNamesWithin(bytes: Uint8Array, names: string[], depth = 0): void {
  names.push(nodeName(text(bytes)));
  if (depth > 12) return;
  try {
    for (const values of parseFields(bytes).values()) {
      for (const value of values) {
        if (typeof value !== 'number') addNamesWithin(value, names, depth + 1);
      }
    }
  } catch (error) {
    if (!(error instanceof MalformedProtobuf)) throw error; // A text.
  }
}
