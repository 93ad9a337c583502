import { tf, type tfTypes } from '../../tensorflow.ts';
import { dimension, type LoadedModel, type Port } from './loaded-model.ts';
import { modelHandler } from './model-handler.ts';
import { runTensors } from './run-tensors.ts';

/** Loads a tfjs LayersModel from its `model.json`. Outputs go by the names of their layers. */
export async function loadLayersModel(path: string): Promise<LoadedModel> {
  const model = await tf.loadLayersModel(await modelHandler(path, 'layers-model'));
  const port = ({ sourceLayer, dtype, shape }: tfTypes.SymbolicTensor): Port => ({
    name: sourceLayer.name,
    dtype,
    shape: shape.map(dimension),
  });
  const outputs = model.outputs.map(port);
  return {
    inputs: model.inputs.map(port),
    outputs,
    usualLayout: 'NHWC',
    async run(values, shape, names) {
      return runTensors(values, shape, (input) => {
        const results = [model.predictOnBatch(input)].flat();
        return names.map((name) => results[outputs.findIndex((port) => port.name === name)]!);
      });
    },
    dispose() {
      model.dispose();
    },
  };
}
