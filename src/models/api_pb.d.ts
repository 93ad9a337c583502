/** The messages with which tfjs-node reads SavedModels; its package has no types for them. */
declare module '@tensorflow/tfjs-node/dist/proto/api_pb.js' {
  class Dim {
    setSize(size: number): this;
  }
  class TensorShape {
    static Dim: typeof Dim;
    setDimList(dims: Dim[]): this;
  }
  class Tensor {
    setDtype(type: number): this;
    setTensorShape(shape: TensorShape): this;
    setTensorContent(bytes: Uint8Array): this;
    setStringValList(values: Uint8Array[]): this;
  }
  class ListValue {
    setIList(values: number[]): this;
    setFList(values: number[]): this;
    setTypeList(values: number[]): this;
  }
  class AttrValue {
    static ListValue: typeof ListValue;
    setList(list: ListValue): this;
    setS(bytes: Uint8Array): this;
    setI(value: number): this;
    setF(value: number): this;
    setB(value: boolean): this;
    setType(type: number): this;
    setShape(shape: TensorShape): this;
    setTensor(tensor: Tensor): this;
  }
  class NodeDef {
    setName(name: string): this;
    setOp(op: string): this;
    setInputList(inputs: readonly string[]): this;
    getAttrMap(): { set(name: string, value: AttrValue): unknown };
  }
  class VersionDef {
    setProducer(version: number): this;
  }
  class GraphDef {
    setNodeList(nodes: NodeDef[]): this;
    setVersions(versions: VersionDef): this;
  }
  class TensorInfo {
    setName(name: string): this;
    setDtype(type: number): this;
    setTensorShape(shape: TensorShape): this;
  }
  interface TensorInfoMap {
    set(name: string, info: TensorInfo): unknown;
  }
  class SignatureDef {
    getInputsMap(): TensorInfoMap;
    getOutputsMap(): TensorInfoMap;
    setMethodName(name: string): this;
  }
  class MetaInfoDef {
    setTagsList(tags: string[]): this;
  }
  class MetaGraphDef {
    static MetaInfoDef: typeof MetaInfoDef;
    setMetaInfoDef(info: MetaInfoDef): this;
    setGraphDef(graph: GraphDef): this;
    getSignatureDefMap(): { set(name: string, signature: SignatureDef): unknown };
  }
  class SavedModel {
    setSavedModelSchemaVersion(version: number): this;
    setMetaGraphsList(metaGraphs: MetaGraphDef[]): this;
    serializeBinary(): Uint8Array;
  }
  const messages: {
    AttrValue: typeof AttrValue;
    GraphDef: typeof GraphDef;
    MetaGraphDef: typeof MetaGraphDef;
    NodeDef: typeof NodeDef;
    SavedModel: typeof SavedModel;
    SignatureDef: typeof SignatureDef;
    Tensor: typeof Tensor;
    TensorInfo: typeof TensorInfo;
    TensorShape: typeof TensorShape;
    VersionDef: typeof VersionDef;
  };

  export type { AttrValue, NodeDef, SignatureDef, Tensor, TensorShape };
  export default messages;
}
