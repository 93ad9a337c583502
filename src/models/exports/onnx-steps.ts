/**
 * Writes operations as nodes of ONNX. Values of images have their channels first in ONNX, as its
 * convolutions expect; all others are as in `operations.ts`.
 */
import { product } from '../../arrays.ts';
import { denseInt8, kernelOf, type Precision } from './onnx-weights.ts';
import { elementType, mlDomain, type OnnxWriter } from './onnx-writer.ts';
import {
  type Activation,
  type LayerWeight,
  type Operation,
  outputName,
  type Program,
  type SlidingWindow,
  type Step,
  type Value,
} from './operations.ts';
import { paddingOf } from './padding.ts';

/**
 * Appends operations, the last of which gets the name of the output.
 * @param precision Default: float32.
 */
export function appendOperations(
  graph: OnnxWriter,
  { operations, output }: Pick<Program, 'operations' | 'output'>,
  precision: Precision = 'float32',
): void {
  const names = new Map<string, string>();
  const nameOf = ({ name }: { readonly name: string }) => names.get(name) ?? name;
  for (const operation of operations) {
    names.set(operation.output.name, appendStep(graph, operation, nameOf, precision));
  }
  graph.node('Identity', [nameOf(output)], outputName, { output: outputName });
}

/** Appends an operation. @returns the name of its result. */
function appendStep(
  graph: OnnxWriter,
  { step, inputs, output }: Operation,
  nameOf: (value: Value) => string,
  precision: Precision,
): string {
  const names = inputs.map(nameOf);
  const [x] = names as [string];
  const { name } = output;
  switch (step.kind) {
    case 'pixels':
      return pixels(graph, x, name, step.reversesChannels);
    case 'number':
      return numbers(graph, x, name, step);
    case 'category':
      return category(graph, x, name, step.spellings);
    case 'normalize':
      return normalize(graph, x, output, step);
    case 'convolution':
      return convolution(graph, x, inputs[0]!, name, step, precision);
    case 'pool': {
      const operator = step.by === 'max' ? 'MaxPool' : 'AveragePool';
      const { dilations: _, ...window } = windowAttributes(inputs[0]!, step.window);
      return graph.node(operator, [x], name, window);
    }
    case 'globalPool': {
      const operator = step.by === 'max' ? 'GlobalMaxPool' : 'GlobalAveragePool';
      return graph.node('Flatten', [graph.node(operator, [x], name)], name, { axis: 1 });
    }
    case 'pad': {
      const [[top, bottom], [left, right]] = step.sides;
      const sides = integers([0, 0, top, left, 0, 0, bottom, right]);
      return graph.node('Pad', [x, graph.constant(`${name}/sides`, [8], sides)], name);
    }
    case 'dense':
      return dense(graph, x, name, step, precision);
    case 'activation':
      return activation(graph, x, output, step.by);
    case 'leakyRelu':
      return graph.node('LeakyRelu', [x], name, { alpha: { float: step.slope } });
    case 'sum':
      return names.reduce((a, b) => graph.node('Add', [a, b], name));
    case 'product':
      return names.reduce((a, b) => graph.node('Mul', [a, b], name));
    case 'concatenate':
      return graph.node('Concat', names, name, { axis: channelAxis(output) });
    case 'reshape':
      return reshape(graph, x, inputs[0]!, output);
  }
}

type StepOf<Kind extends Step['kind']> = Extract<Step, { readonly kind: Kind }>;

function isImage({ shape }: Value): boolean {
  return shape.length === 3;
}

function channelAxis(value: Value): number {
  return isImage(value) ? 1 : value.shape.length;
}

function integers(values: readonly number[]): BigInt64Array {
  return BigInt64Array.from(values, BigInt);
}

function biasOf(graph: OnnxWriter, name: string, bias: LayerWeight | undefined): string[] {
  return bias ? [graph.constant(`${name}/bias`, bias.shape, bias.values)] : [];
}

function dense(
  graph: OnnxWriter,
  x: string,
  name: string,
  { kernel, bias, isExact }: StepOf<'dense'>,
  precision: Precision,
): string {
  if (precision === 'int8' && !isExact) return denseInt8(graph, x, name, kernel, bias);
  const weights = kernelOf(graph, name, kernel, 1, isExact ? 'float32' : precision);
  return graph.node('Gemm', [x, weights, ...biasOf(graph, name, bias)], name);
}

function pixels(graph: OnnxWriter, x: string, name: string, isReversed: boolean): string {
  let raw = x;
  if (isReversed) {
    const order = graph.constant(`${name}/order`, [3], integers([2, 1, 0]));
    raw = graph.node('Gather', [raw, order], `${name}/reversed`, { axis: 3 });
  }
  const floats = graph.node('Cast', [raw], name, { to: elementType('float32') });
  return graph.node('Transpose', [floats], name, { perm: [0, 3, 1, 2] });
}

/** Standardizes a column in float64, as the student does: [n] to [n, 2]. */
function numbers(
  graph: OnnxWriter,
  x: string,
  name: string,
  { mean, std, values, limits }: StepOf<'number'>,
): string {
  const scalar = (part: string, value: number) =>
    graph.constant(`${name}/${part}`, [], Float64Array.of(value));
  const node = (operator: string, inputs: readonly string[], attributes = {}) =>
    graph.node(operator, inputs, `${name}/${operator}`, attributes);
  const axes = graph.constant(`${name}/axes`, [1], integers([1]));
  const column = node('Unsqueeze', [x, axes]);
  const checks = [
    node('IsNaN', [column]),
    node('Less', [column, scalar('low', limits[0])]),
    node('Greater', [column, scalar('high', limits[1])]),
  ];
  if (values.length > 0) {
    const list = graph.constant(`${name}/missing`, [values.length], Float64Array.from(values));
    const equal = node('Cast', [node('Equal', [column, list])], { to: elementType('float32') });
    const some = node('ReduceMax', [equal], { axes: [1] });
    checks.push(node('Cast', [some], { to: elementType('bool') }));
  }
  const isMissing = checks.reduce((a, b) => node('Or', [a, b]));
  const scaled = node('Div', [node('Sub', [column, scalar('mean', mean)]), scalar('std', std)]);
  const zero = graph.constant(`${name}/zero`, [], Float32Array.of(0));
  const float = { to: elementType('float32') };
  const value = node('Where', [isMissing, zero, node('Cast', [scaled], float)]);
  return graph.node('Concat', [value, node('Cast', [isMissing], float)], name, { axis: 1 });
}

/** Finds a text among the spellings of the values: [n] to [n, values + 1]. */
function category(
  graph: OnnxWriter,
  x: string,
  name: string,
  spellings: StepOf<'category'>['spellings'],
): string {
  const keys = spellings.flat();
  const indexes = spellings.flatMap((texts, index) => texts.map(() => index));
  const others = spellings.length;
  // An encoder without keys is not valid; a lone key for "others" changes nothing.
  const table = keys.length > 0 ? { keys, indexes } : { keys: [''], indexes: [others] };
  const index = graph.node('LabelEncoder', [x], `${name}/index`, {
    domain: mlDomain,
    keys_strings: table.keys,
    values_int64s: table.indexes,
    default_int64: others,
  });
  const depth = graph.constant(`${name}/depth`, [], integers([others + 1]));
  const offOn = graph.constant(`${name}/off_on`, [2], Float32Array.of(0, 1));
  return graph.node('OneHot', [index, depth, offOn], name);
}

function normalize(
  graph: OnnxWriter,
  x: string,
  { name, shape }: Value,
  { mean, factor, offset }: StepOf<'normalize'>,
): string {
  const vector = (part: string, values: Float32Array) =>
    graph.constant(`${name}/${part}`, [values.length], values);
  if (shape.length === 2) {
    // BatchNormalization would take the first axis for the channels.
    const centered = graph.node('Sub', [x, vector('mean', mean)], `${name}/centered`);
    const scaled = graph.node('Mul', [centered, vector('factor', factor)], `${name}/scaled`);
    return graph.node('Add', [scaled, vector('offset', offset)], name);
  }
  const one = vector('variance', new Float32Array(mean.length).fill(1));
  const inputs = [x, vector('factor', factor), vector('offset', offset), vector('mean', mean), one];
  return graph.node('BatchNormalization', inputs, name, { epsilon: { float: 0 } });
}

function windowAttributes({ shape }: Value, { size, strides, dilations, padding }: SlidingWindow) {
  const [rows, columns] = ([0, 1] as const).map((axis) =>
    paddingOf(
      {
        size: shape[axis]!,
        window: size[axis],
        stride: strides[axis],
        dilation: dilations[axis],
      },
      padding,
    ),
  );
  const [[top, bottom], [left, right]] = [rows!, columns!];
  return { kernel_shape: size, strides, dilations, pads: [top, left, bottom, right] };
}

function convolution(
  graph: OnnxWriter,
  x: string,
  input: Value,
  name: string,
  { kernel, bias, isDepthwise, window }: StepOf<'convolution'>,
  precision: Precision,
): string {
  const weights = kernelOf(graph, name, channelsFirst(kernel, isDepthwise), 0, precision);
  const inputs = [x, weights, ...biasOf(graph, name, bias)];
  const group = isDepthwise ? kernel.shape[2]! : 1;
  return graph.node('Conv', inputs, name, { ...windowAttributes(input, window), group });
}

/** Transposes a kernel to [filters, channels per group, height, width]. */
function channelsFirst({ shape, values }: LayerWeight, isDepthwise: boolean): LayerWeight {
  const [height, width, channels, last] = shape as [number, number, number, number];
  const result = new Float32Array(values.length);
  const area = height * width;
  for (let position = 0; position < area; position++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let index = 0; index < last; index++) {
        const row = isDepthwise ? channel * last + index : index * channels + channel;
        result[row * area + position] = values[(position * channels + channel) * last + index]!;
      }
    }
  }
  const filters = isDepthwise ? [channels * last, 1] : [last, channels];
  return { shape: [...filters, height, width], values: result };
}

/** Operators of activations with the same meaning. */
const activationOperators: Readonly<Partial<Record<Activation, string>>> = {
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  elu: 'Elu',
  selu: 'Selu',
  softplus: 'Softplus',
  softsign: 'Softsign',
};

function activation(graph: OnnxWriter, x: string, output: Value, by: Activation): string {
  const { name } = output;
  if (by === 'softmax') return graph.node('Softmax', [x], name, { axis: channelAxis(output) });
  if (by === 'swish') {
    return graph.node('Mul', [x, graph.node('Sigmoid', [x], `${name}/sigmoid`)], name);
  }
  if (by === 'relu6') {
    const limit = (part: string, value: number) =>
      graph.constant(`${name}/${part}`, [], Float32Array.of(value));
    return graph.node('Clip', [x, limit('min', 0), limit('max', 6)], name);
  }
  return graph.node(activationOperators[by]!, [x], name);
}

/** Changes the shape; the numbers of an image are in the order of channels last. */
function reshape(graph: OnnxWriter, x: string, input: Value, output: Value): string {
  const { name, shape } = output;
  let flat = x;
  if (isImage(input) && product(input.shape.slice(0, 2)) > 1) {
    flat = graph.node('Transpose', [x], `${name}/channels_last`, { perm: [0, 2, 3, 1] });
  }
  if (shape.length === 1) return graph.node('Flatten', [flat], name, { axis: 1 });
  const sizes = graph.constant(`${name}/shape`, [shape.length + 1], integers([0, ...shape]));
  const shaped = graph.node('Reshape', [flat, sizes], name);
  return isImage(output)
    ? graph.node('Transpose', [shaped], `${name}/channels_first`, { perm: [0, 3, 1, 2] })
    : shaped;
}
