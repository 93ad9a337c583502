/** An input or an output of a model, as the model declares it. */
export interface Port {
  readonly name: string;
  /** `float32`, `int64` …; `map` for what is no tensor; `unknown` where the model does not say. */
  readonly dtype: string;
  /** With the batch dimension; undefined where any size will do, or as a whole when unknown. */
  readonly shape: readonly (number | undefined)[] | undefined;
}

export interface Output {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A model in memory: what ONNX, SavedModel, LayersModel and GraphModel have in common. */
export interface LoadedModel {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Where this format's images have their channels, for when the input's shape does not tell. */
  readonly usualLayout: 'NHWC' | 'NCHW';
  /** Runs the model on one float32 input and gives the named outputs, in that order. */
  run(
    values: Float32Array,
    shape: readonly number[],
    outputs: readonly string[],
  ): Promise<readonly Output[]>;
  /** Frees the native memory. */
  dispose(): void;
}

/** `[n, 3, ?, ?]`. A first dimension of any size is written `n`. */
export function shapeText(shape: Port['shape']): string {
  if (shape === undefined) return '[unknown]';
  const sizes = shape.map((size, place) => size ?? (place === 0 ? 'n' : '?'));
  return `[${sizes.join(', ')}]`;
}

/** `label: int64 [n], probabilities: float32 [n, 10]`. */
export function portsText(ports: readonly Port[]): string {
  return ports.map((port) => `${port.name}: ${port.dtype} ${shapeText(port.shape)}`).join(', ');
}

/** A dimension as the formats write it; negative, zero, null and symbolic ones mean "any size". */
export function dimension(size: number | string | null | undefined): number | undefined {
  return typeof size === 'number' && size > 0 ? size : undefined;
}

/** TensorFlow's names for types, DT_FLOAT or DT_INT64, as ours. */
export function dtypeName(tensorFlow: string | undefined): string {
  if (tensorFlow === undefined) return 'unknown';
  return tensorFlow === 'DT_FLOAT' ? 'float32' : tensorFlow.replace('DT_', '').toLowerCase();
}
