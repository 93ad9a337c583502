/** Collects the nodes of a TensorFlow graph. */
import { type Attribute, attribute } from '../kernels.ts';
import type { Constant, Node } from '../saved-graph.ts';

/** Types of tensors. */
export type GraphType = 'float32' | 'float64' | 'int32' | 'uint8' | 'bool' | 'string';

/** Returns TensorFlow's number of a type (types.proto). */
export function typeNumber(type: GraphType): number {
  return { float32: 1, float64: 2, int32: 3, uint8: 4, string: 7, bool: 10 }[type];
}

/** Makes the attribute of a type. */
export function typed(name: string, type: GraphType): Attribute {
  return attribute(name, 'TYPE', typeNumber(type));
}

/** Makes the attribute for indices. */
export function integerType(name: string): Attribute {
  return typed(name, 'int32');
}

/** Nodes and constants, in the order in which they were added. */
export class GraphNodes {
  readonly nodes: Node[] = [];
  readonly #names = new Set<string>();

  /** Appends an input of one example per row. */
  input(name: string, type: GraphType, shape: readonly number[]): string {
    const attributes = [typed('dtype', type), attribute('shape', 'SHAPE', [-1, ...shape])];
    return this.node('Placeholder', [], name, attributes, 'none');
  }

  /** Appends an input of float64 with a default, [n]. @param value Its default. */
  inputWithDefault(name: string, value: string): string {
    const attributes = [typed('dtype', 'float64'), attribute('shape', 'SHAPE', [-1])];
    return this.node('PlaceholderWithDefault', [value], name, attributes, 'none');
  }

  /**
   * Appends a node with one output.
   * @param type Its type T, if it has one.
   * @returns its name, which is made valid for TensorFlow.
   */
  node(
    op: string,
    inputs: readonly string[],
    name: string,
    attributes: readonly Attribute[] = [],
    type: GraphType | 'none' = 'float32',
  ): string {
    const own = type === 'none' ? attributes : [typed('T', type), ...attributes];
    return this.#add({ name, op, inputs, attributes: own });
  }

  floats(name: string, shape: readonly number[], values: Float32Array): string {
    return this.#constant(name, { shape, type: typeNumber('float32'), values });
  }

  doubles(name: string, shape: readonly number[], values: Float64Array): string {
    return this.#constant(name, { shape, type: typeNumber('float64'), values });
  }

  integers(name: string, shape: readonly number[], values: readonly number[]): string {
    const numbers = Int32Array.from(values);
    return this.#constant(name, { shape, type: typeNumber('int32'), values: numbers });
  }

  texts(name: string, values: readonly string[]): string {
    return this.#constant(name, { shape: [values.length], type: typeNumber('string'), values });
  }

  #constant(name: string, constant: Constant): string {
    return this.#add({ name, op: 'Const', inputs: [], attributes: [], constant });
  }

  #add(node: Node): string {
    const wanted = node.name.replaceAll(/[^A-Za-z0-9_.\-/]/g, '_').replace(/^[^A-Za-z0-9.]/, 'x');
    let name = wanted;
    for (let index = 1; this.#names.has(name); index++) name = `${wanted}_${index}`;
    this.#names.add(name);
    this.nodes.push({ ...node, name });
    return name;
  }
}
