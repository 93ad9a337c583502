import { basename, dirname } from 'node:path/posix';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import type { tfTypes } from '../../tensorflow.ts';
import { checkSavedModel } from '../allowed/check-saved-model.ts';
import { folderFiles, folderOf } from './find-files.ts';
import { foreignFile } from './foreign-files.ts';
import { dimension, dtypeName, type LoadedModel, type Port } from './loaded-model.ts';
import { modelKind } from './model-kind.ts';

/** The folder of a TensorFlow SavedModel. */
export const savedModelKind = modelKind({
  name: 'savedModel',
  description: 'The folder of a TensorFlow SavedModel.',
  noun: 'the SavedModel',
  async find(store, key) {
    const files = await folderFiles(store, key);
    if (files.some(({ path }) => path === 'saved_model.pb')) return files;
    const foreign =
      foreignFile(key, `teacher.savedModel: '${key}'`) ??
      files.map(({ object }) => foreignFile(object.key, `'${object.key}'`)).find(Boolean);
    const nested = files.find(({ path }) => basename(path) === 'saved_model.pb');
    if (foreign && !nested) throw foreign;
    throw new UserError(
      `teacher.savedModel: there is no ${key}/saved_model.pb in ${store.location}`,
      nested
        ? `Set teacher.savedModel: ${dirname(nested.object.key)}.`
        : 'Give the folder that model.export (Keras) or tf.saved_model.save made.',
    );
  },
  load: ({ folder, name }) => loadSavedModel(folder, name),
  library: () => import('../../tensorflow.ts'),
  recognize: async (_, key) => (key.endsWith('/saved_model.pb') ? folderOf(key) : undefined),
});

const tag = 'serve';
const signatureName = 'serving_default';

/**
 * Loads the signature `serving_default` under the tag `serve`, which Keras and
 * `tf.saved_model.save` write. Outputs have the signature's names.
 *
 * @param modelName Name of the model in errors.
 * @throws UserError if it has operations that are not allowed.
 */
export async function loadSavedModel(folder: string, modelName: string): Promise<LoadedModel> {
  await checkSavedModel(folder, modelName);
  const { tf } = await import('../../tensorflow.ts');
  const { runTensors } = await import('./run-tensors.ts');
  const signature = await findSignature(folder);
  const ports = (tensors: typeof signature.inputs): Port[] =>
    Object.entries(tensors).map(([name, { tfDtype, shape }]) => ({
      name,
      dtype: dtypeName(tfDtype),
      shape: shapeOf(shape),
    }));
  const inputs = ports(signature.inputs);
  const model = await tf.node.loadSavedModel(folder, [tag], signatureName);
  // `predict` computes the outputs that this object names at the time of the call.
  const computed = model.outputNodeNames;
  const nodes = { ...computed };
  return {
    inputs,
    outputs: ports(signature.outputs),
    async run(feeds, names) {
      for (const name of Object.keys(computed)) delete computed[name];
      for (const name of names) computed[name] = nodes[name]!;
      return runTensors(feeds, (tensors) => {
        const named = feeds.map(({ name }, index) => [name, tensors[index]!] as const);
        // A map goes in, so a map of tensors comes out.
        const results = model.predict(Object.fromEntries(named)) as tfTypes.NamedTensorMap;
        return names.map((name) => results[name]!);
      });
    },
    dispose() {
      model.dispose();
    },
  };
}

async function findSignature(folder: string) {
  const { tf } = await import('../../tensorflow.ts');
  const graphs = await tf.node.getMetaGraphsFromSavedModel(folder);
  const graph = graphs.find(({ tags }) => tags.length === 1 && tags[0] === tag);
  const signature = graph?.signatureDefs[signatureName];
  if (signature) return signature;
  const found = graphs.map(
    ({ tags, signatureDefs }) =>
      `${Object.keys(signatureDefs).join(', ') || 'no signature'} (tag ${tags.join(', ')})`,
  );
  throw new UserError(
    `the SavedModel has no signature '${signatureName}' under the tag '${tag}'; it has ${found.join('; ')}`,
    "Save it with tf.saved_model.save(model, folder, signatures={'serving_default': function}).",
  );
}

/** A dimension. tfjs-node declares it a number, and returns a protobuf message. */
const dimensionMessage = z.custom<{ getSize(): number }>(
  (value) => typeof (value as { getSize?: unknown } | null)?.getSize === 'function',
);

function shapeOf(shape: unknown): Port['shape'] {
  const sizes = z.array(dimensionMessage).parse(shape);
  // A shape of unknown rank is empty. No input or output that we can use is a scalar.
  return sizes.length === 0 ? undefined : sizes.map((size) => dimension(size.getSize()));
}
