import { sum } from '../../arrays.ts';
import type { tfTypes } from '../../tensorflow.ts';
import { readJsonText } from '../json-file.ts';
import { sizeOfFile } from '../size/network-size.ts';
import { topologySize } from '../size/topology-size.ts';
import { modelJsonFiles, recognizeModelJson } from './find-files.ts';
import { dimension, type LoadedModel, type Port } from './loaded-model.ts';
import { modelKind } from './model-kind.ts';

const name = 'layersModel';
const format = 'layers-model';

/** A tfjs LayersModel: `model.json`, with its weights in the same folder. */
export const layersModelKind = modelKind({
  name,
  description: 'The model.json of a tfjs LayersModel.',
  noun: 'the LayersModel',
  find: (store, key) => modelJsonFiles(store, `teacher.${name}`, key, format),
  load: ({ path }) => loadLayersModel(path),
  library: () => import('../../tensorflow.ts'),
  async size({ store, key, files, shape }) {
    const json: unknown = JSON.parse(await readJsonText(store, key));
    const bytes = sum(files.map(({ object }) => object.bytes));
    return topologySize(json, shape) ?? sizeOfFile(bytes, shape);
  },
  recognize: (store, key) => recognizeModelJson(store, key, format),
});

/** Loads a `model.json`. Outputs have the names of their layers. */
async function loadLayersModel(path: string): Promise<LoadedModel> {
  const { tf } = await import('../../tensorflow.ts');
  const { modelHandler } = await import('./model-handler.ts');
  const { runTensors } = await import('./run-tensors.ts');
  const model = await tf.loadLayersModel(await modelHandler(path, format));
  const port = ({ sourceLayer, dtype, shape }: tfTypes.SymbolicTensor): Port => ({
    name: sourceLayer.name,
    dtype,
    shape: shape.map(dimension),
  });
  const outputs = model.outputs.map(port);
  return {
    inputs: model.inputs.map(port),
    outputs,
    async run(feeds, names) {
      return runTensors(feeds, (tensors) => {
        const results = [model.predictOnBatch([...tensors])].flat();
        return names.map((name) => results[outputs.findIndex((port) => port.name === name)]!);
      });
    },
    dispose() {
      model.dispose();
    },
  };
}
