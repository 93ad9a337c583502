/**
 * A TensorFlow graph as the bytes of a SavedModel, the only form in which tfjs-node loads graphs.
 */
import messages, {
  type AttrValue,
  type NodeDef,
  type SignatureDef,
  type Tensor,
  type TensorShape,
} from '@tensorflow/tfjs-node/dist/proto/api_pb.js';
import { type Attribute, backend } from './kernels.ts';

/** Node of a graph. */
export interface Node {
  readonly name: string;
  readonly op: string;
  /** Names of outputs, such as `conv` or `conv:1`; `^conv` only states that conv runs before. */
  readonly inputs: readonly string[];
  readonly attributes: readonly Attribute[];
  /** The value of a Const. */
  readonly constant?: Constant;
  /** Its outputs, if known. */
  readonly outputs?: readonly TensorKind[];
}

export interface TensorKind {
  readonly shape: readonly number[];
  /** TensorFlow's enum value of the type. */
  readonly type: number;
}

export interface Constant extends TensorKind {
  readonly values: Float32Array | Float64Array | Int32Array | Uint8Array | readonly string[];
}

/** The graph's name in the file of a training step. */
export const trainTag = 'train';

/** Name of an input or output, and the node with its values. */
export interface SignaturePort extends TensorKind {
  readonly name: string;
  readonly node: string;
}

/** Inputs and outputs by which programs call a graph. */
export interface Signature {
  readonly inputs: readonly SignaturePort[];
  readonly outputs: readonly SignaturePort[];
}

/** The graph's name in the file of a model with a signature. */
export const serveTag = 'serve';

const signatureName = 'serving_default';

/** Version of the written format: that of TensorFlow 2.9, which all later versions read. */
const producer = 1087;

/**
 * Encodes a graph: of a training step, or of a model with a signature.
 * @throws TypeError for an attribute of an unexpected kind.
 */
export function savedModelBytes(nodes: readonly Node[], signature?: Signature): Uint8Array {
  const graph = new messages.GraphDef()
    .setNodeList(nodes.map(nodeDef))
    .setVersions(new messages.VersionDef().setProducer(producer));
  const info = new messages.MetaGraphDef.MetaInfoDef().setTagsList([
    signature ? serveTag : trainTag,
  ]);
  const metaGraph = new messages.MetaGraphDef().setMetaInfoDef(info).setGraphDef(graph);
  if (signature) metaGraph.getSignatureDefMap().set(signatureName, signatureDef(signature));
  return new messages.SavedModel()
    .setSavedModelSchemaVersion(1)
    .setMetaGraphsList([metaGraph])
    .serializeBinary();
}

function signatureDef({ inputs, outputs }: Signature): SignatureDef {
  const signature = new messages.SignatureDef().setMethodName('tensorflow/serving/predict');
  const info = ({ node, type, shape }: SignaturePort) =>
    new messages.TensorInfo().setName(`${node}:0`).setDtype(type).setTensorShape(shapeOf(shape));
  for (const port of inputs) signature.getInputsMap().set(port.name, info(port));
  for (const port of outputs) signature.getOutputsMap().set(port.name, info(port));
  return signature;
}

function nodeDef({ name, op, inputs, attributes, constant }: Node): NodeDef {
  const node = new messages.NodeDef().setName(name).setOp(op).setInputList(inputs);
  const map = node.getAttrMap();
  for (const attribute of attributes) map.set(attribute.name, attributeValue(op, attribute));
  if (constant) {
    map.set('dtype', new messages.AttrValue().setType(constant.type));
    map.set('value', new messages.AttrValue().setTensor(tensorOf(constant)));
  }
  return node;
}

function tensorOf({ shape, type, values }: Constant): Tensor {
  const tensor = new messages.Tensor().setDtype(type).setTensorShape(shapeOf(shape));
  if (!ArrayBuffer.isView(values)) {
    return tensor.setStringValList(values.map((text) => Buffer.from(text)));
  }
  return tensor.setTensorContent(
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
}

function shapeOf(shape: readonly number[]): TensorShape {
  const { TensorShape } = messages;
  return new TensorShape().setDimList(shape.map((size) => new TensorShape.Dim().setSize(size)));
}

/**
 * Converts an attribute. The casts are safe: an attribute's kind determines the type of its value.
 */
function attributeValue(op: string, { name, type, value }: Attribute): AttrValue {
  const { binding } = backend;
  const result = new messages.AttrValue();
  const list = new messages.AttrValue.ListValue();
  const isList = Array.isArray(value);
  switch (type) {
    case binding.TF_ATTR_SHAPE:
      return result.setShape(shapeOf(value as number[]));
    case binding.TF_ATTR_INT:
      return isList ? result.setList(list.setIList(value)) : result.setI(value as number);
    case binding.TF_ATTR_FLOAT:
      return isList ? result.setList(list.setFList(value)) : result.setF(value as number);
    case binding.TF_ATTR_TYPE:
      return isList ? result.setList(list.setTypeList(value)) : result.setType(value as number);
    case binding.TF_ATTR_BOOL:
      return result.setB(value as boolean);
    case binding.TF_ATTR_STRING:
      return result.setS(Buffer.from(value as string));
    default:
      throw new TypeError(`the attribute ${name} of ${op} is of an unknown kind, ${type}`);
  }
}
