/** An input or an output of a model, as the model declares it. */
export interface Port {
  readonly name: string;
  /**
   * `float32`, `int64` …; `map` if it is not a tensor; `unknown` if the model does not declare it.
   */
  readonly dtype: string;
  /** With the batch dimension. A size is undefined if it is open; the shape, if it is unknown. */
  readonly shape: readonly (number | undefined)[] | undefined;
}

/** Values of a tensor, row-major; the class of the array shows the type. */
export type TensorValues =
  | Float32Array
  | Float64Array
  /** Bits of float16. */
  | Uint16Array
  | Uint8Array
  | Int32Array
  | BigInt64Array
  | string[];

/** The tensor for one input of a model. */
export interface InputTensor {
  /** Name of the input. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: TensorValues;
}

export interface Output {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A model in memory, of any format. */
export interface LoadedModel {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Class labels inside the model, in the order of its outputs, if its format has them. */
  readonly classLabels?: readonly string[] | undefined;
  /** Runs the model on one tensor per input; returns the named outputs in their order. */
  run(feeds: readonly InputTensor[], outputs: readonly string[]): Promise<readonly Output[]>;
  /** Frees the native memory. */
  dispose(): void;
}

/** Formats a shape: `[n, 3, ?, ?]`. An open first dimension is written `n`. */
export function shapeText(shape: Port['shape']): string {
  if (shape === undefined) return '[unknown]';
  const sizes = shape.map((size, index) => size ?? (index === 0 ? 'n' : '?'));
  return `[${sizes.join(', ')}]`;
}

/** Maximum of ports in an error: a model may have any number of them. */
const maxListed = 20;

/** Formats ports: `label: int64 [n], probabilities: float32 [n, 10]`. */
export function portsText(ports: readonly Port[]): string {
  return listPorts(ports, ({ name, dtype, shape }) => `${name}: ${dtype} ${shapeText(shape)}`);
}

/** Lists the names of ports: `label, probabilities`. */
export function portNames(ports: readonly Port[]): string {
  return listPorts(ports, ({ name }) => name);
}

function listPorts(ports: readonly Port[], format: (port: Port) => string): string {
  const listed = ports.slice(0, maxListed).map(format);
  const left = ports.length - listed.length;
  return `${listed.join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}

/** Reads a dimension; in the formats a negative, zero, null or symbolic one is open. */
export function dimension(size: number | string | null | undefined): number | undefined {
  return typeof size === 'number' && size > 0 ? size : undefined;
}

/** Converts TensorFlow's name of a type, such as DT_FLOAT, to ours. */
export function dtypeName(tensorFlow: string | undefined): string {
  if (tensorFlow === undefined) return 'unknown';
  return tensorFlow === 'DT_FLOAT' ? 'float32' : tensorFlow.replace('DT_', '').toLowerCase();
}

/** Makes something that owns a model. Disposes of the model if this fails. */
export async function ownModel<Owner>(
  model: LoadedModel,
  make: () => Promise<Owner>,
): Promise<Owner> {
  try {
    return await make();
  } catch (error) {
    model.dispose();
    throw error;
  }
}
