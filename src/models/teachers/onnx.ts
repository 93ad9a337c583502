import { basename } from 'node:path/posix';
import type { ort } from '../../onnxruntime.ts';
import { requireFile } from './find-files.ts';
import { dimension, type LoadedModel, type Port } from './loaded-model.ts';
import { modelKind } from './model-kind.ts';

/** An ONNX file, which onnxruntime runs. */
export const onnxKind = modelKind({
  name: 'onnx',
  description: 'An ONNX file.',
  noun: 'the ONNX model',
  /** Finds the file, and its external data under the two names that exporters use. */
  async find(store, key) {
    const files = [await requireFile(store, key, `teacher.onnx: '${key}'`, 'an ONNX file')];
    for (const suffix of ['.data', '_data']) {
      const object = await store.head(key + suffix);
      if (object) files.push({ path: basename(key) + suffix, object });
    }
    return files;
  },
  load: ({ path }) => loadOnnx(path),
  recognize: async (_, key) => (key.endsWith('.onnx') ? key : undefined),
});

/** Errors are thrown; onnxruntime would also print them. */
const quiet = { logSeverityLevel: 4 } as const;

/** Loads an ONNX file. onnxruntime finds its external data through the paths inside it. */
async function loadOnnx(path: string): Promise<LoadedModel> {
  const { InferenceSession, Tensor } = await import('../../onnxruntime.ts');
  const session = await InferenceSession.create(path, quiet);
  const [input] = session.inputNames;
  return {
    inputs: session.inputMetadata.map(port),
    outputs: session.outputMetadata.map(port),
    usualLayout: 'NCHW',
    async run(values, shape, names) {
      const feeds = { [input!]: new Tensor('float32', values, shape) };
      const results = await session.run(feeds, [...names], quiet);
      return names.map((name) => {
        const { data, dims } = results[name]!;
        // `modelTeacher` takes only float outputs; float64 is narrowed here.
        const floats =
          data instanceof Float32Array ? data : Float32Array.from(data as Float64Array);
        return { shape: dims, values: floats };
      });
    },
    dispose() {
      void session.release();
    },
  };
}

function port(metadata: ort.InferenceSession.ValueMetadata): Port {
  const { name } = metadata;
  if (!metadata.isTensor) return { name, dtype: 'map', shape: undefined };
  return { name, dtype: metadata.type, shape: metadata.shape.map(dimension) };
}
