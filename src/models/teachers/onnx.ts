import { InferenceSession, type ort, Tensor } from '../../onnxruntime.ts';
import { dimension, type LoadedModel, type Port } from './loaded-model.ts';

/** What goes wrong is thrown; onnxruntime would also print it. */
const quiet = { logSeverityLevel: 4 } as const;

/**
 * Loads an ONNX file with onnxruntime. Weights that are stored beside the file (external data) are
 * found through the paths inside it.
 */
export async function loadOnnx(path: string): Promise<LoadedModel> {
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
        // `modelTeacher` asks for float outputs only; float64 is narrowed here.
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
