// Nodes around a recorded step.
import { type Attribute, attribute, backend, floatType } from '../../models/kernels.ts';
import type { Node } from '../../models/saved-graph.ts';

export function node(
  name: string,
  op: string,
  inputs: readonly string[],
  attributes: readonly Attribute[] = [],
): Node {
  return { name, op, inputs, attributes };
}

export function placeholder(
  name: string,
  shape: readonly number[],
  dtype: 'float32' | 'int32' = 'float32',
): Node {
  const type = attribute('dtype', 'TYPE', backend.getDTypeInteger(dtype));
  return node(name, 'Placeholder', [], [type, attribute('shape', 'SHAPE', shape)]);
}

export function scalar(name: string, value: number): Node {
  const constant = { shape: [], type: backend.binding.TF_FLOAT, values: Float32Array.of(value) };
  return { ...node(name, 'Const', []), constant };
}

/** Makes a node that passes `input` on after the nodes of `after` are done. */
export function identity(name: string, input: string, after: readonly string[] = []): Node {
  return node(name, 'Identity', [input, ...after.map(control)], [floatType('T')]);
}

/** Makes an input that only states that the node runs before. */
export function control(name: string): string {
  return `^${name}`;
}

/** Makes a float variable of the session, and its reader `<name>/read`. */
export function variable(name: string, shape: readonly number[]): Node[] {
  const attributes = [
    floatType('dtype'),
    attribute('shape', 'SHAPE', shape),
    attribute('shared_name', 'STRING', name),
  ];
  return [
    node(name, 'VarHandleOp', [], attributes),
    node(`${name}/read`, 'ReadVariableOp', [name], [floatType('dtype')]),
  ];
}

/** Makes a node that sets a variable after the nodes of `after` are done. */
export function assign(
  name: string,
  variable: string,
  value: string,
  after: readonly string[] = [],
): Node {
  const inputs = [variable, value, ...after.map(control)];
  return node(name, 'AssignVariableOp', inputs, [floatType('dtype')]);
}
