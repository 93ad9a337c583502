/** Models that try what models may not do, written field by field. */
import { bytesField, integerField } from '../../src/models/protobuf-write.ts';

/** Packs integers of at least 0. */
const packed = (values: readonly number[]) =>
  Buffer.concat(values.map((value) => integerField(1, value).subarray(1)));

// ONNX

export interface OnnxNode {
  readonly operator: string;
  readonly domain?: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly attributes?: readonly Buffer[];
}

export function onnxNode({
  operator,
  domain = '',
  inputs = [],
  outputs = ['y'],
  attributes = [],
}: OnnxNode): Buffer {
  return Buffer.concat([
    ...inputs.map((input) => bytesField(1, input)),
    ...outputs.map((output) => bytesField(2, output)),
    ...[bytesField(3, `the ${operator}`), bytesField(4, operator)],
    ...attributes.map((attribute) => bytesField(5, attribute)),
    ...(domain ? [bytesField(7, domain)] : []),
  ]);
}

/** Type numbers of attributes: a tensor, a graph. */
const [tensorType, graphType] = [4, 5];

export const graphAttribute = (name: string, graph: Buffer) =>
  Buffer.concat([bytesField(1, name), bytesField(6, graph), integerField(20, graphType)]);

export const tensorAttribute = (name: string, tensor: Buffer) =>
  Buffer.concat([bytesField(1, name), bytesField(5, tensor), integerField(20, tensorType)]);

/** A tensor of int64. */
export const int64Tensor = (name: string, shape: readonly number[], values: readonly number[]) =>
  Buffer.concat([
    ...shape.map((size) => integerField(1, size)),
    ...[integerField(2, 7), bytesField(7, packed(values)), bytesField(8, name)],
  ]);

/** A tensor of booleans. */
export const boolTensor = (name: string, value: boolean) =>
  Buffer.concat([integerField(2, 9), bytesField(5, packed([Number(value)])), bytesField(8, name)]);

/** A tensor whose numbers are in a file. */
export const externalTensor = (name: string, location: string) =>
  Buffer.concat([
    ...[integerField(1, 1), integerField(2, 1), bytesField(8, name)],
    bytesField(13, Buffer.concat([bytesField(1, 'location'), bytesField(2, location)])),
    integerField(14, 1),
  ]);

/** An input or output of floats (type 1) or others. @param shape Open sizes are texts. */
export function onnxPort(name: string, shape: readonly (number | string)[], type = 1): Buffer {
  const sizes = shape.map((size) =>
    bytesField(1, typeof size === 'number' ? integerField(1, size) : bytesField(2, size)),
  );
  const tensorType = [integerField(1, type), bytesField(2, Buffer.concat(sizes))];
  return Buffer.concat([
    bytesField(1, name),
    bytesField(2, bytesField(1, Buffer.concat(tensorType))),
  ]);
}

export interface OnnxGraph {
  readonly nodes: readonly Buffer[];
  readonly weights?: readonly Buffer[];
  readonly inputs?: readonly Buffer[];
  readonly outputs?: readonly Buffer[];
}

export function onnxGraph({ nodes, weights = [], inputs = [], outputs = [] }: OnnxGraph): Buffer {
  return Buffer.concat([
    ...nodes.map((node) => bytesField(1, node)),
    bytesField(2, 'graph'),
    ...weights.map((weight) => bytesField(5, weight)),
    ...inputs.map((port) => bytesField(11, port)),
    ...outputs.map((port) => bytesField(12, port)),
  ]);
}

/** A function of a model: a name in the domain `own`, and nodes. */
export const onnxFunction = (name: string, nodes: readonly Buffer[]) =>
  Buffer.concat([
    bytesField(1, name),
    ...nodes.map((node) => bytesField(7, node)),
    bytesField(10, 'own'),
  ]);

export function onnxModel(graph: OnnxGraph, functions: readonly Buffer[] = []): Buffer {
  return Buffer.concat([
    integerField(1, 8),
    bytesField(7, onnxGraph(graph)),
    bytesField(8, Buffer.concat([bytesField(1, ''), integerField(2, 17)])),
    ...functions.map((body) => bytesField(25, body)),
  ]);
}

// TensorFlow

/** TensorFlow's numbers of types. */
export const dataType = { float: 1, int32: 3, string: 7, boolean: 10 } as const;

/** An attribute with the bytes of its value. */
const attribute = (name: string, value: Buffer) =>
  bytesField(5, Buffer.concat([bytesField(1, name), bytesField(2, value)]));
export const typeAttribute = (name: string, type: number) => attribute(name, integerField(6, type));
export const functionAttribute = (name: string, called: string) =>
  attribute(name, bytesField(10, bytesField(1, called)));

const shapeMessage = (shape: readonly number[]) =>
  Buffer.concat(shape.map((size) => bytesField(2, integerField(1, size))));
export const shapeAttribute = (name: string, shape: readonly number[]) =>
  attribute(name, bytesField(7, shapeMessage(shape)));

/** A node of a graph. */
export const tensorflowNode = (
  name: string,
  operation: string,
  inputs: readonly string[] = [],
  attributes: readonly Buffer[] = [],
) =>
  Buffer.concat([
    ...[bytesField(1, name), bytesField(2, operation)],
    ...inputs.map((input) => bytesField(3, input)),
    ...attributes,
  ]);

/** An attribute with a tensor of texts or int32, and the type of the tensor. */
function valueAttribute(
  name: string,
  values: readonly string[] | readonly number[],
  shape: readonly number[] = values.length === 1 ? [] : [values.length],
) {
  const texts = values.filter((value) => typeof value === 'string');
  const numbers = values.filter((value) => typeof value === 'number');
  const type = texts.length > 0 ? dataType.string : dataType.int32;
  const tensor = Buffer.concat([
    ...[integerField(1, type), bytesField(2, shapeMessage(shape))],
    ...texts.map((text) => bytesField(8, text)),
    ...(numbers.length > 0 ? [bytesField(7, packed(numbers))] : []),
  ]);
  return { type, attribute: attribute(name, bytesField(8, tensor)) };
}

/**
 * A constant of texts or int32; a shape larger than the values repeats the last one.
 * @param others Values of other attributes, which TensorFlow ignores.
 */
export function constantNode(
  name: string,
  values: readonly string[] | readonly number[],
  shape?: readonly number[],
  others: readonly (readonly number[])[] = [],
): Buffer {
  const value = valueAttribute('value', values, shape);
  const ignored = others.map((other, index) => valueAttribute(`_${index}`, other).attribute);
  const attributes = [typeAttribute('dtype', value.type), value.attribute, ...ignored];
  return tensorflowNode(name, 'Const', [], attributes);
}

/** An input of floats. */
export const placeholder = (name: string, shape: readonly number[]) =>
  tensorflowNode(
    name,
    'Placeholder',
    [],
    [typeAttribute('dtype', dataType.float), shapeAttribute('shape', shape)],
  );

/** A function with its nodes; without inputs or outputs. */
export const tensorflowFunction = (name: string, nodes: readonly Buffer[]) =>
  Buffer.concat([bytesField(1, bytesField(1, name)), ...nodes.map((node) => bytesField(3, node))]);

export interface SavedModelParts {
  readonly nodes: readonly Buffer[];
  readonly functions?: readonly Buffer[];
  /** Signatures: per signature its outputs, as pairs of name and tensor. */
  readonly signatures?: Readonly<Record<string, readonly (readonly [string, string])[]>>;
  /** Inputs of the signature `serving_default`. */
  readonly inputs?: readonly (readonly [string, string])[];
  /** Collections of nodes. */
  readonly collections?: Readonly<Record<string, readonly string[]>>;
  readonly restore?: string;
  /** Tensor that TensorFlow gives the path of the weights; of several, the last one. */
  readonly paths?: readonly string[];
  readonly assets?: readonly string[];
}

const entry = (field: number, name: string, value: Buffer) =>
  bytesField(field, Buffer.concat([bytesField(1, name), bytesField(2, value)]));

const port =
  (field: number) =>
  ([name, tensor]: readonly [string, string]) =>
    entry(
      field,
      name,
      Buffer.concat([
        bytesField(1, tensor),
        integerField(2, dataType.float),
        bytesField(3, shapeMessage([1, 3])),
      ]),
    );

/** The file `saved_model.pb`. */
export function savedModelFile(parts: SavedModelParts): Buffer {
  const { nodes, functions = [], signatures = {}, inputs = [] } = parts;
  const { collections = {}, restore, paths = ['file:0'], assets = [] } = parts;
  const graph = Buffer.concat([
    ...nodes.map((node) => bytesField(1, node)),
    bytesField(2, Buffer.concat(functions.map((body) => bytesField(1, body)))),
    bytesField(4, integerField(1, 1087)),
  ]);
  const metaGraph = Buffer.concat([
    ...[bytesField(1, bytesField(4, 'serve')), bytesField(2, graph)],
    ...(restore
      ? [
          bytesField(
            3,
            Buffer.concat([...paths.map((path) => bytesField(1, path)), bytesField(3, restore)]),
          ),
        ]
      : []),
    ...Object.entries(collections).map(([name, listed]) =>
      entry(4, name, bytesField(1, Buffer.concat(listed.map((one) => bytesField(1, one))))),
    ),
    ...Object.entries(signatures).map(([name, outputs]) =>
      entry(
        5,
        name,
        Buffer.concat([
          ...(name === 'serving_default' ? inputs.map(port(1)) : []),
          ...outputs.map(port(2)),
          bytesField(3, 'tensorflow/serving/predict'),
        ]),
      ),
    ),
    ...assets.map((asset) =>
      bytesField(6, Buffer.concat([bytesField(1, bytesField(1, 'asset:0')), bytesField(2, asset)])),
    ),
  ]);
  return Buffer.concat([integerField(1, 1), bytesField(2, metaGraph)]);
}

const main = '__saved_model_init_op';

/** A SavedModel that writes a file when it is loaded. */
export const writesAtLoad = (path: string, content: string) =>
  savedModelFile({
    nodes: [
      ...[placeholder('x', [1, 3]), constantNode('path', [path]), constantNode('text', [content])],
      tensorflowNode('write', 'WriteFile', ['path', 'text']),
      tensorflowNode('probabilities', 'Softmax', ['x'], [typeAttribute('T', dataType.float)]),
    ],
    inputs: [['x', 'x:0']],
    signatures: { serving_default: [['y', 'probabilities:0']], [main]: [[main, 'write']] },
  });

/** A SavedModel that answers with the bytes of a file: as many as there are classes. */
export const readsFile = (path: string, classes: number) =>
  savedModelFile({
    nodes: [
      ...[placeholder('x', [1, 3]), constantNode('path', [path])],
      tensorflowNode('read', 'ReadFile', ['path']),
      tensorflowNode('bytes', 'DecodeRaw', ['read'], [typeAttribute('out_type', 4)]),
      constantNode('start', [0], [1]),
      constantNode('count', [classes], [1]),
      tensorflowNode(
        'some',
        'Slice',
        ['bytes', 'start', 'count'],
        [typeAttribute('T', 4), typeAttribute('Index', dataType.int32)],
      ),
      tensorflowNode(
        'floats',
        'Cast',
        ['some'],
        [typeAttribute('SrcT', 4), typeAttribute('DstT', dataType.float)],
      ),
      constantNode('shape', [1, classes]),
      tensorflowNode(
        'rows',
        'Reshape',
        ['floats', 'shape'],
        [typeAttribute('T', dataType.float), typeAttribute('Tshape', dataType.int32)],
      ),
      tensorflowNode('y', 'Identity', ['rows', '^x'], [typeAttribute('T', dataType.float)]),
    ],
    inputs: [['x', 'x:0']],
    signatures: { serving_default: [['y', 'y:0']] },
  });

/** An ONNX model of classes that repeats a node for as long as it runs, after `count` checks. */
export const endlessOnnx = (count: number | undefined) => {
  const body = onnxGraph({
    nodes: [
      onnxNode({ operator: 'Identity', inputs: ['go'], outputs: ['goes'] }),
      onnxNode({ operator: 'Relu', inputs: ['v'], outputs: ['w'] }),
    ],
    inputs: [onnxPort('i', [], 7), onnxPort('go', [], 9), onnxPort('v', ['n', 3])],
    outputs: [onnxPort('goes', [], 9), onnxPort('w', ['n', 3])],
  });
  return onnxModel({
    nodes: [
      onnxNode({
        operator: 'Loop',
        inputs: [count === undefined ? '' : 'count', 'yes', 'x'],
        attributes: [graphAttribute('body', body)],
      }),
    ],
    weights: [
      boolTensor('yes', true),
      ...(count === undefined ? [] : [int64Tensor('count', [], [count])]),
    ],
    inputs: [onnxPort('x', ['n', 3])],
    outputs: [onnxPort('y', ['n', 3])],
  });
};
