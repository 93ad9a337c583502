/**
 * Writes ONNX models. The messages and the numbers of their fields:
 * https://github.com/onnx/onnx/blob/v1.12.0/onnx/onnx.proto
 */
import { bytesField, floatField, integerField } from '../protobuf-write.ts';

/** Version of the operators, and of the file format that ONNX 1.12 released with it. */
const [opset, mlOpset, irVersion] = [17, 3, 8] as const;

/** The domain of the operators of classical machine learning. */
export const mlDomain = 'ai.onnx.ml';

/** Types of tensors, by their numbers in TensorProto.DataType. */
const elementTypes = {
  ...{ float32: 1, uint8: 2, int8: 3, int64: 7, string: 8, bool: 9, float16: 10, float64: 11 },
} as const;
export type ElementType = keyof typeof elementTypes;

/** Returns the number of a type, as the operator Cast takes it. */
export function elementType(type: ElementType): number {
  return elementTypes[type];
}

/** Attribute of a node. Numbers are integers; a float is marked. */
export type OnnxAttribute =
  | number
  | string
  | { readonly float: number }
  | readonly number[]
  | readonly string[];

/** An input or output of a graph. */
export interface OnnxPort {
  readonly name: string;
  readonly type: ElementType;
  /** Shape of one example. */
  readonly shape: readonly number[];
}

/** Numbers of a constant; 16 bits are the bits of float16. */
type Numbers = Float32Array | Float64Array | BigInt64Array | Int8Array | Uint16Array;

/** A part of a GraphProto: nodes and constants, in the order in which they were added. */
export class OnnxWriter {
  readonly #nodes: Buffer[] = [];
  readonly #constants: Buffer[] = [];
  readonly #names = new Set<string>();

  readonly #prefix: string;

  /** @param prefix Put before the names of all inner values. Default: none. */
  constructor(prefix = '') {
    this.#prefix = prefix;
  }

  /** Reserves a name that `node` and `constant` then do not use. */
  reserve(name: string): void {
    this.#names.add(name);
  }

  /**
   * Appends a node with one output.
   * @param name Name of the node, and of its output unless that is taken.
   * @param output Name of the output if it is one of the graph.
   * @returns the name of its output.
   */
  node(
    operator: string,
    inputs: readonly string[],
    name: string,
    {
      domain = '',
      output = this.#unique(name),
      ...attributes
    }: { readonly domain?: string; readonly output?: string } & Attributes = {},
  ): string {
    this.#append(operator, inputs, [output], domain, attributes);
    return output;
  }

  /**
   * Appends a node with several outputs.
   * @param names Names of the outputs, unless they are taken.
   */
  nodeOf<const Names extends readonly string[]>(
    operator: string,
    inputs: readonly string[],
    names: Names,
  ): { readonly [Index in keyof Names]: string } {
    const outputs = names.map((name) => this.#unique(name));
    this.#append(operator, inputs, outputs, '', {});
    return outputs as { [Index in keyof Names]: string };
  }

  #append(
    operator: string,
    inputs: readonly string[],
    outputs: readonly string[],
    domain: string,
    attributes: Attributes,
  ): void {
    const fields = [
      ...inputs.map((input) => bytesField(1, input)),
      ...outputs.map((output) => bytesField(2, output)),
      bytesField(3, outputs[0]!),
      bytesField(4, operator),
      ...Object.entries(attributes).map(([key, value]) => bytesField(5, attribute(key, value))),
      ...(domain === '' ? [] : [bytesField(7, domain)]),
    ];
    this.#nodes.push(bytesField(1, Buffer.concat(fields)));
  }

  /** Appends a constant. @returns its name. */
  constant(name: string, shape: readonly number[], values: Numbers): string {
    const unique = this.#unique(name);
    const { buffer, byteOffset, byteLength } = values;
    const tensor = [
      ...shape.map((size) => integerField(1, size)),
      integerField(2, elementTypes[typeOf(values)]),
      bytesField(8, unique),
      bytesField(9, new Uint8Array(buffer, byteOffset, byteLength)),
    ];
    this.#constants.push(bytesField(5, Buffer.concat(tensor)));
    return unique;
  }

  /** Encodes the part, with the outputs of the graph. */
  bytes(outputs: readonly OnnxPort[]): Buffer {
    return Buffer.concat([
      ...this.#nodes,
      ...this.#constants,
      ...outputs.map((output) => bytesField(12, port(output))),
    ]);
  }

  #unique(name: string): string {
    const wanted = `${this.#prefix}${name}`;
    let free = wanted;
    for (let index = 1; this.#names.has(free); index++) free = `${wanted}_${index}`;
    this.#names.add(free);
    return free;
  }
}

type Attributes = { readonly [name: string]: OnnxAttribute };

function typeOf(values: Numbers): ElementType {
  if (values instanceof Float32Array) return 'float32';
  if (values instanceof Float64Array) return 'float64';
  if (values instanceof Int8Array) return 'int8';
  return values instanceof Uint16Array ? 'float16' : 'int64';
}

/** Encodes a model of a whole graph. */
export function modelBytes(
  graph: OnnxWriter,
  inputs: readonly OnnxPort[],
  outputs: readonly OnnxPort[],
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const body = Buffer.concat([
    graph.bytes(outputs),
    bytesField(2, 'student'),
    ...inputs.map((input) => bytesField(11, port(input))),
  ]);
  return Buffer.concat([
    integerField(1, irVersion),
    bytesField(2, 'counterweight'),
    bytesField(7, body),
    bytesField(8, integerField(2, opset)),
    bytesField(8, Buffer.concat([bytesField(1, mlDomain), integerField(2, mlOpset)])),
    metadataBytes(metadata),
  ]);
}

/** Encodes the metadata of a model, which may also be appended to a file. */
export function metadataBytes(metadata: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(metadata).map(([key, value]) =>
    bytesField(14, Buffer.concat([bytesField(1, key), bytesField(2, value)])),
  );
  return Buffer.concat(entries);
}

function attribute(name: string, value: OnnxAttribute): Buffer {
  return Buffer.concat([bytesField(1, name), ...attributeFields(value)]);
}

/** Encodes the value and the type of an attribute (AttributeProto.AttributeType). */
function attributeFields(value: OnnxAttribute): Buffer[] {
  if (typeof value === 'number') return [integerField(3, value), integerField(20, 2)];
  if (typeof value === 'string') return [bytesField(4, value), integerField(20, 3)];
  if ('float' in value) return [floatField(2, value.float), integerField(20, 1)];
  const isText = typeof value[0] === 'string';
  const items = value.map((item) =>
    typeof item === 'string' ? bytesField(9, item) : integerField(8, item),
  );
  return [...items, integerField(20, isText ? 8 : 7)];
}

/** Encodes a ValueInfoProto; the batch is a dimension of the name `n`. */
function port({ name, type, shape }: OnnxPort): Buffer {
  const dimensions = [bytesField(2, 'n'), ...shape.map((size) => integerField(1, size))];
  const tensor = Buffer.concat([
    integerField(1, elementTypes[type]),
    bytesField(2, Buffer.concat(dimensions.map((dimension) => bytesField(1, dimension)))),
  ]);
  return Buffer.concat([bytesField(1, name), bytesField(2, bytesField(1, tensor))]);
}
