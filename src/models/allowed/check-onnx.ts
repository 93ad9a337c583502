/**
 * Checks an ONNX file before onnxruntime reads it. Field numbers are those of
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { posix } from 'node:path';
import { product } from '../../arrays.ts';
import { UserError } from '../../errors.ts';
import { maxGraphs } from '../teachers/onnx-file.ts';
import {
  bytesIn,
  type Fields,
  int32,
  integersIn,
  MalformedProtobuf,
  parseFields,
  readFields,
  text,
  textOf,
} from '../teachers/protobuf.ts';
import {
  type Body,
  expandedNodes,
  maxIterations,
  maxNodes,
  maxTensorNumbers,
  shapeNumbers,
} from './budget.ts';
import { onnxOperators } from './onnx-operators.ts';
import { damagedModel, notAllowed, refusedPart } from './refused-part.ts';

/** A tensor of the model: its type, its short constants of int64, its name and external data. */
const tensor = { 2: 'value', 7: 'short', 8: 'value', 9: 'short', 13: 'value' } as const;
/** The graph, functions, and training graphs, which nothing here runs. */
const wanted = {
  7: { 1: 'value', 5: tensor, 15: 'value' },
  20: 'value',
  25: 'value',
} as const;

/** Inputs of operators that set the size of an output: a shape, or the number of elements. */
const sizeInputs: Readonly<Record<string, number>> = {
  ConstantOfShape: 0,
  Expand: 1,
  OneHot: 1,
  Range: 1,
  Resize: 3,
  Tile: 1,
};

/** Number of the type int64. */
const int64 = 7;

/** A body as it is read: the main graph or a function, with the graphs inside. */
interface Scope extends Body {
  nodes: number;
  readonly calls: string[];
}

/** Short constants of one name: only their maxima, since a small file can have very many. */
interface Constants {
  /** The largest value. */
  readonly largest: number;
  /** Numbers in the largest tensor that has one of them as its shape. */
  readonly numbers: number;
}

/** Facts about a file that can be judged when all of it is read. */
interface Facts {
  readonly main: Scope;
  /** By `domain:name`. */
  readonly functions: Map<string, Scope>;
  /** Short constants of int64, by tensor. */
  readonly constants: Map<string, Constants>;
  /** Operators with the first node that has each, by `domain:operator`. */
  readonly operators: Map<string, string>;
  readonly sizes: { readonly node: string; readonly operator: string; readonly input: string }[];
  /** Loops, each with the tensors that limit it and the loops around it. */
  readonly loops: { readonly node: string; readonly limits: readonly string[] }[];
  /** Shapes that nodes and sparse weights state, which onnxruntime fills. */
  readonly shapes: { readonly of: string; readonly shape: readonly number[] }[];
  readonly locations: string[];
}

/**
 * Refuses an ONNX file with operators that are not in the list, with loops that may be endless, or
 * with constants that expand beyond the budget.
 *
 * @param file Name of the file in errors: `the ONNX model teacher/model.onnx`.
 * @throws UserError with the file and the operator. Error if the file is damaged.
 */
export async function checkOnnx(path: string, file: string): Promise<void> {
  await refuseFlatbuffer(path, file);
  const facts = await readFacts(path, file).catch((error: Error) => {
    if (error instanceof MalformedProtobuf) throw damagedModel(file, error.message);
    throw error;
  });
  checkOperators(facts, file);
  checkLoops(facts, file);
  checkSizes(facts, file);
  for (const location of facts.locations) checkLocation(location, file);
  if (expandedNodes(facts.main, facts.functions) > maxNodes) {
    throw refusedPart(`${file} has functions that call each other`, `more than ${maxNodes} nodes`);
  }
}

/** Refuses the other format of onnxruntime, which this check cannot read. */
async function refuseFlatbuffer(path: string, file: string): Promise<void> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    if (buffer.toString('latin1', 4, bytesRead) !== 'ORTM') return;
  } finally {
    await handle.close();
  }
  throw new UserError(
    `${file} is in onnxruntime's own format, not ONNX`,
    'Give the ONNX file that it was converted from.',
  );
}

async function readFacts(path: string, file: string): Promise<Facts> {
  const facts: Facts = {
    ...{ main: { nodes: 0, calls: [] }, functions: new Map(), constants: new Map() },
    ...{ operators: new Map(), sizes: [], loops: [], shapes: [], locations: [] },
  };
  const stream = createReadStream(path, { highWaterMark: 2 ** 20 });
  let weight: { readonly id: number; readonly fields: Fields } | undefined;
  try {
    for await (const { path: at, messages, value } of readFields(stream, wanted)) {
      if (at[0] === 7 && at[1] === 5) {
        const id = messages.at(-1)!;
        if (weight?.id !== id) {
          if (weight) addTensor(weight.fields, facts);
          weight = { id, fields: new Map() };
        }
        const values = weight.fields.get(at[2]!);
        if (values) values.push(value);
        else weight.fields.set(at[2]!, [value]);
      } else if (typeof value === 'number') continue;
      else if (at[0] === 25) addFunction(value, facts);
      else if (at[0] === 20) refuseTraining(file);
      else if (at[1] === 15) addSparse(value, facts, 'a sparse weight');
      else addNode(value, facts, { scope: facts.main, limits: [], depth: 0 });
    }
    if (weight) addTensor(weight.fields, facts);
  } finally {
    stream.destroy();
  }
  return facts;
}

function refuseTraining(file: string): never {
  throw refusedPart(`${file} has graphs of training`, notAllowed);
}

/** Position of a node. */
interface Position {
  readonly scope: Scope;
  /** Tensors that limit the loops around it. */
  readonly limits: readonly string[];
  readonly depth: number;
}

function addFunction(bytes: Uint8Array, facts: Facts): void {
  const fields = parseFields(bytes);
  const name = `${single(fields, 10)}:${single(fields, 1)}`;
  const scope = facts.functions.get(name) ?? { nodes: 0, calls: [] };
  facts.functions.set(name, scope);
  for (const node of bytesIn(fields, 7)) addNode(node, facts, { scope, limits: [], depth: 0 });
  for (const attribute of bytesIn(fields, 11)) {
    addAttribute(parseFields(attribute), facts, { scope, limits: [], depth: 0 }, name);
  }
}

function addNode(bytes: Uint8Array, facts: Facts, position: Position): void {
  const fields = parseFields(bytes);
  const operator = single(fields, 4);
  const key = `${single(fields, 7)}:${operator}`;
  const inputs = bytesIn(fields, 1).map(text);
  const output = textOf(fields, 2);
  const node = textOf(fields, 3) || output;
  position.scope.nodes++;
  position.scope.calls.push(key);
  if (!facts.operators.has(key)) facts.operators.set(key, node);
  const size = inputs[sizeInputs[operator] ?? Number.POSITIVE_INFINITY];
  if (size) facts.sizes.push({ node, operator, input: size });
  let { limits } = position;
  if (operator === 'Loop') {
    limits = [...limits, inputs[0] ?? ''];
    facts.loops.push({ node, limits });
  }
  for (const attribute of bytesIn(fields, 5)) {
    const inside = { ...position, limits, depth: position.depth + 1 };
    addAttribute(parseFields(attribute), facts, inside, node, output);
  }
}

/** Adds the tensors and graphs of an attribute. @param output The tensor of a node Constant. */
function addAttribute(
  fields: Fields,
  facts: Facts,
  position: Position,
  node: string,
  output?: string,
): void {
  if (position.depth > maxGraphs) throw new MalformedProtobuf('its graphs are nested too deeply');
  for (const nested of [...bytesIn(fields, 5), ...bytesIn(fields, 10)]) {
    addTensor(parseFields(nested), facts, output);
  }
  for (const sparse of [...bytesIn(fields, 22), ...bytesIn(fields, 23)]) {
    addSparse(sparse, facts, `the node '${node}'`);
  }
  const name = textOf(fields, 1);
  const numbers = integersIn(fields, 8);
  if (name === 'shape') facts.shapes.push({ of: `the node '${node}'`, shape: numbers });
  if (name === 'value_int' || name === 'value_ints') {
    addConstant(facts, output ?? '', [...integersIn(fields, 3), ...numbers]);
  }
  for (const graph of [...bytesIn(fields, 6), ...bytesIn(fields, 11)]) {
    const inner = parseFields(graph);
    for (const weight of bytesIn(inner, 5)) addTensor(parseFields(weight), facts);
    for (const sparse of bytesIn(inner, 15)) addSparse(sparse, facts, 'a sparse weight');
    for (const each of bytesIn(inner, 1)) addNode(each, facts, position);
  }
}

/** @param output Name, if it is not in the tensor itself. */
function addTensor(fields: Fields, facts: Facts, output = textOf(fields, 8)): void {
  for (const entry of bytesIn(fields, 13).map(parseFields)) {
    if (textOf(entry, 1) === 'location') facts.locations.push(textOf(entry, 2));
  }
  if (!integersIn(fields, 2).map(int32).includes(int64)) return;
  const raw = bytesIn(fields, 9).flatMap(int64s);
  addConstant(facts, output, [...integersIn(fields, 7), ...raw]);
}

function addConstant({ constants }: Facts, name: string, values: readonly number[]): void {
  if (values.length === 0) return;
  const others = constants.get(name) ?? { largest: Number.NEGATIVE_INFINITY, numbers: 0 };
  constants.set(name, {
    largest: values.reduce((most, value) => Math.max(most, value), others.largest),
    numbers: Math.max(others.numbers, shapeNumbers(values)),
  });
}

function addSparse(bytes: Uint8Array, facts: Facts, of: string): void {
  const fields = parseFields(bytes);
  facts.shapes.push({ of, shape: integersIn(fields, 3) });
  for (const part of [...bytesIn(fields, 1), ...bytesIn(fields, 2)]) {
    addTensor(parseFields(part), facts);
  }
}

/** Reads a text that may occur once: libraries take the last one. */
function single(fields: Fields, field: number): string {
  if ((fields.get(field)?.length ?? 0) > 1) throw new MalformedProtobuf('a node has two names');
  return textOf(fields, field);
}

function int64s(bytes: Uint8Array): number[] {
  const { buffer, byteOffset, byteLength } = bytes;
  const view = new DataView(buffer, byteOffset, byteLength);
  return Array.from({ length: Math.floor(byteLength / 8) }, (_, index) =>
    Number(view.getBigInt64(8 * index, true)),
  );
}

function checkOperators({ operators, functions }: Facts, file: string): void {
  for (const [key, node] of operators) {
    if (functions.has(key)) continue;
    const colon = key.lastIndexOf(':');
    const [domain, operator] = [key.slice(0, colon), key.slice(colon + 1)];
    if (onnxOperators.get(domain)?.has(operator)) continue;
    const of = domain === '' ? '' : ` of the domain '${domain}'`;
    throw refusedPart(`${file} has the operator '${operator}'${of} (node '${node}')`, notAllowed);
  }
}

function checkLoops({ loops, constants }: Facts, file: string): void {
  for (const { node, limits } of loops) {
    const iterations = product(
      limits.map((limit) => Math.max(1, constants.get(limit)?.largest ?? Number.POSITIVE_INFINITY)),
    );
    if (iterations <= maxIterations) continue;
    const found = Number.isFinite(iterations) ? `${iterations}` : 'an unknown number of';
    throw refusedPart(
      `${file} has the operator 'Loop' (node '${node}') with ${found} iterations`,
      `and only a constant number of at most ${maxIterations} is allowed`,
      'Export the model again without loops: layers such as LSTM and GRU have their own operators.',
    );
  }
}

function checkSizes({ sizes, shapes, constants }: Facts, file: string): void {
  for (const { node, operator, input } of sizes) {
    const { numbers } = constants.get(input) ?? { numbers: 0 };
    checkNumbers(`${file} has the operator '${operator}' (node '${node}')`, numbers);
  }
  for (const { of, shape } of shapes) checkNumbers(`${file} has ${of}`, shapeNumbers(shape));
}

function checkNumbers(what: string, numbers: number): void {
  if (numbers <= maxTensorNumbers) return;
  throw refusedPart(
    `${what} with ${numbers} numbers from a few`,
    `and at most ${maxTensorNumbers} are allowed`,
  );
}

/** onnxruntime reads memory instead of a file if the location has a name of its own. */
function checkLocation(location: string, file: string): void {
  const path = posix.normalize(location.replaceAll('\\', '/'));
  const isInside = !/^(\/|\.\.(\/|$)|[A-Za-z]:)/.test(path) && !location.includes('_ORT_');
  if (isInside) return;
  throw new UserError(
    `${file} has weights at '${location}', outside the model's folder`,
    "Save it again with its weights beside it: onnx.save(model, 'model.onnx', save_as_external_data=True, location='model.onnx.data').",
  );
}
