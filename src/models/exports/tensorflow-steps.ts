/** Writes operations as nodes of a TensorFlow graph. Values have their channels last. */
import { attribute } from '../kernels.ts';
import type { Activation, Operation, SlidingWindow, Step, Value } from './operations.ts';
import { type GraphNodes, type GraphType, integerType, typed } from './tensorflow-nodes.ts';

/** Appends an operation. @returns the name of its result. */
export function appendTensorFlowStep(
  graph: GraphNodes,
  { step, inputs, output }: Operation,
  nameOf: (value: Value) => string,
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
    case 'normalize': {
      const vector = (part: string, values: Float32Array) =>
        graph.floats(`${name}/${part}`, [values.length], values);
      const centered = graph.node('Sub', [x, vector('mean', step.mean)], `${name}/centered`);
      const scaled = graph.node('Mul', [centered, vector('factor', step.factor)], `${name}/scaled`);
      return graph.node('AddV2', [scaled, vector('offset', step.offset)], name);
    }
    case 'convolution': {
      const kernel = graph.floats(`${name}/kernel`, step.kernel.shape, step.kernel.values);
      const operator = step.isDepthwise ? 'DepthwiseConv2dNative' : 'Conv2D';
      const attributes = [...windowOf(step.window), ints('dilations', step.window.dilations)];
      return withBias(graph, graph.node(operator, [x, kernel], name, attributes), name, step.bias);
    }
    case 'pool': {
      const attributes = [...windowOf(step.window), ints('ksize', step.window.size)];
      return graph.node(step.by === 'max' ? 'MaxPool' : 'AvgPool', [x], name, attributes);
    }
    case 'globalPool': {
      const axes = graph.integers(`${name}/axes`, [2], [1, 2]);
      const attributes = [attribute('keep_dims', 'BOOL', false), integerType('Tidx')];
      return graph.node(step.by === 'max' ? 'Max' : 'Mean', [x, axes], name, attributes);
    }
    case 'pad': {
      const sides = [[0, 0], ...step.sides, [0, 0]].flat();
      const paddings = graph.integers(`${name}/sides`, [4, 2], sides);
      return graph.node('Pad', [x, paddings], name, [integerType('Tpaddings')]);
    }
    case 'dense': {
      const kernel = graph.floats(`${name}/kernel`, step.kernel.shape, step.kernel.values);
      return withBias(graph, graph.node('MatMul', [x, kernel], name), name, step.bias);
    }
    case 'activation':
      return activation(graph, x, name, step.by);
    case 'leakyRelu':
      return graph.node('LeakyRelu', [x], name, [attribute('alpha', 'FLOAT', step.slope)]);
    case 'sum':
      return names.reduce((a, b) => graph.node('AddV2', [a, b], name));
    case 'product':
      return names.reduce((a, b) => graph.node('Mul', [a, b], name));
    case 'concatenate':
      return concatenate(graph, names, name);
    case 'reshape': {
      const { shape } = output;
      const sizes = graph.integers(`${name}/shape`, [shape.length + 1], [-1, ...shape]);
      return graph.node('Reshape', [x, sizes], name, [integerType('Tshape')]);
    }
  }
}

type StepOf<Kind extends Step['kind']> = Extract<Step, { readonly kind: Kind }>;

/** Makes a list with one number per axis of a batch of images. */
function ints(name: string, [height, width]: readonly [number, number]) {
  return attribute(name, 'INT', [1, height, width, 1]);
}

function windowOf({ strides, padding }: SlidingWindow) {
  return [ints('strides', strides), attribute('padding', 'STRING', padding.toUpperCase())];
}

function withBias(
  graph: GraphNodes,
  x: string,
  name: string,
  bias: StepOf<'dense'>['bias'],
): string {
  if (!bias) return x;
  return graph.node('BiasAdd', [x, graph.floats(`${name}/bias`, bias.shape, bias.values)], name);
}

function concatenate(graph: GraphNodes, values: readonly string[], name: string): string {
  const axis = graph.integers(`${name}/axis`, [], [-1]);
  const count = attribute('N', 'INT', values.length);
  return graph.node('ConcatV2', [...values, axis], name, [count, integerType('Tidx')]);
}

function cast(graph: GraphNodes, x: string, name: string, from: GraphType, to: GraphType): string {
  return graph.node('Cast', [x], name, [typed('SrcT', from), typed('DstT', to)], 'none');
}

function pixels(graph: GraphNodes, x: string, name: string, isReversed: boolean): string {
  const floats = cast(graph, x, name, 'uint8', 'float32');
  if (!isReversed) return floats;
  const axis = graph.integers(`${name}/axis`, [1], [3]);
  return graph.node('ReverseV2', [floats, axis], `${name}/reversed`, [integerType('Tidx')]);
}

/** Makes a column of a list: [n] to [n, 1]. */
function column(graph: GraphNodes, x: string, name: string, type: GraphType): string {
  const axis = graph.integers(`${name}/column_axis`, [], [1]);
  return graph.node('ExpandDims', [x, axis], `${name}/column`, [integerType('Tdim')], type);
}

/** Standardizes a column: [n] to [n, 2]. */
function numbers(
  graph: GraphNodes,
  x: string,
  name: string,
  { mean, std, values, limits }: StepOf<'number'>,
): string {
  const type = 'float64';
  const list = (part: string, numbers: readonly number[], shape: readonly number[] = []) =>
    graph.doubles(`${name}/${part}`, shape, Float64Array.from(numbers));
  const node = (operator: string, inputs: readonly string[]) =>
    graph.node(operator, inputs, `${name}/${operator}`, [], type);
  const raw = column(graph, x, name, type);
  const checks = [
    node('IsNan', [raw]),
    node('Less', [raw, list('low', [limits[0]])]),
    node('Greater', [raw, list('high', [limits[1]])]),
  ];
  if (values.length > 0) {
    const equal = node('Equal', [raw, list('missing', values, [values.length])]);
    const axis = graph.integers(`${name}/axis`, [1], [1]);
    const keep = attribute('keep_dims', 'BOOL', true);
    checks.push(
      graph.node('Any', [equal, axis], `${name}/any`, [keep, integerType('Tidx')], 'none'),
    );
  }
  const isMissing = checks.reduce((a, b) =>
    graph.node('LogicalOr', [a, b], `${name}/missing`, [], 'none'),
  );
  const scaled = node('RealDiv', [node('Sub', [raw, list('mean', [mean])]), list('std', [std])]);
  const known = graph.node(
    'SelectV2',
    [isMissing, list('zero', [0]), scaled],
    `${name}/value`,
    [],
    type,
  );
  const value = cast(graph, known, `${name}/float`, type, 'float32');
  const flag = cast(graph, isMissing, `${name}/flag`, 'bool', 'float32');
  return concatenate(graph, [value, flag], name);
}

/** Finds a text among the spellings of the values: [n] to [n, values + 1]. */
function category(
  graph: GraphNodes,
  x: string,
  name: string,
  spellings: StepOf<'category'>['spellings'],
): string {
  const keys = spellings.flat();
  const raw = column(graph, x, name, 'string');
  const texts = graph.texts(`${name}/texts`, keys.length > 0 ? keys : ['']);
  const equal = graph.node('Equal', [raw, texts], `${name}/equal`, [], 'string');
  const found = cast(graph, equal, `${name}/found`, 'bool', 'float32');
  const count = spellings.length;
  const rows = Math.max(1, keys.length);
  const table = new Float32Array(rows * count);
  const values = spellings.flatMap((own, value) => own.map(() => value));
  for (const [row, value] of values.entries()) table[row * count + value] = 1;
  const matrix = graph.floats(`${name}/table`, [rows, count], table);
  const known = graph.node('MatMul', [found, matrix], `${name}/known`);
  const axis = graph.integers(`${name}/axis`, [1], [1]);
  const keep = [attribute('keep_dims', 'BOOL', true), integerType('Tidx')];
  const some = graph.node('Sum', [known, axis], `${name}/some`, keep);
  const one = graph.floats(`${name}/one`, [], Float32Array.of(1));
  return concatenate(graph, [known, graph.node('Sub', [one, some], `${name}/other`)], name);
}

const activationOperators: Readonly<Record<Exclude<Activation, 'swish'>, string>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  softmax: 'Softmax',
  elu: 'Elu',
  selu: 'Selu',
  softplus: 'Softplus',
  softsign: 'Softsign',
};

function activation(graph: GraphNodes, x: string, name: string, by: Activation): string {
  if (by !== 'swish') return graph.node(activationOperators[by], [x], name);
  return graph.node('Mul', [x, graph.node('Sigmoid', [x], `${name}/sigmoid`)], name);
}
