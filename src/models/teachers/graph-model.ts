import { z } from 'zod';
import { modelJsonFiles, recognizeModelJson } from './find-files.ts';
import { dimension, dtypeName, type LoadedModel, type Port } from './loaded-model.ts';
import { modelKind } from './model-kind.ts';

const name = 'graphModel';
const format = 'graph-model';

/** A tfjs GraphModel: `model.json`, with its weights in the same folder. */
export const graphModelKind = modelKind({
  name,
  description: 'The model.json of a tfjs GraphModel.',
  noun: 'the GraphModel',
  find: (store, key) => modelJsonFiles(store, `teacher.${name}`, key, format),
  load: ({ path }) => loadGraphModel(path),
  library: () => import('../../tensorflow.ts'),
  recognize: (store, key) => recognizeModelJson(store, key, format),
});

/** Outputs in the signature, if the converter writes one. Sizes are texts: "-1". */
const signatureSchema = z.looseObject({
  outputs: z.record(
    z.string(),
    z.looseObject({
      dtype: z.string().optional(),
      tensorShape: z
        .looseObject({ dim: z.array(z.looseObject({ size: z.coerce.number() })) })
        .optional(),
    }),
  ),
});

/** Loads a `model.json`. Outputs have the names in its signature, or those of their nodes. */
export async function loadGraphModel(path: string): Promise<LoadedModel> {
  const { tf } = await import('../../tensorflow.ts');
  const { modelHandler } = await import('./model-handler.ts');
  const { runTensors } = await import('./run-tensors.ts');
  const model = await tf.loadGraphModel(await modelHandler(path, format));
  const signature = signatureSchema.safeParse(model.modelSignature).data?.outputs ?? {};
  const output = (name: string): Port => ({
    name,
    dtype: dtypeName(signature[name]?.dtype),
    shape: signature[name]?.tensorShape?.dim.map(({ size }) => dimension(size)),
  });
  const inputs = model.inputs.map(({ dtype, shape }, index) => ({
    name: model.inputNodes[index]!,
    dtype,
    shape: shape?.map(dimension),
  }));
  return {
    inputs,
    outputs: model.outputNodes.map(output),
    async run(feeds, names) {
      return runTensors(feeds, (tensors) => {
        const named = feeds.map(({ name }, index) => [name, tensors[index]!] as const);
        return [model.execute(Object.fromEntries(named), [...names])].flat();
      });
    },
    dispose() {
      model.dispose();
    },
  };
}
