import { z } from 'zod';
import { product } from '../arrays.ts';
import { UserError } from '../errors.ts';
import { isTooDeep, maxJsonLevels } from '../json-depth.ts';
import { listOf } from '../wide-schemas.ts';
import { checkGraphModel } from './allowed/check-graph-model.ts';
import { checkAllowedLayers } from './allowed/check-layers.ts';
import { checkInboundLayers } from './inbound-layers.ts';
import { refuseKeras3 } from './keras3.ts';
import { tensorList, tensorShape } from './tensor-list.ts';

const weight = z.looseObject({
  name: z.string(),
  shape: tensorShape,
  dtype: z.enum(['float32', 'int32', 'bool', 'string', 'complex64']),
  quantization: z.looseObject({ dtype: z.enum(['uint8', 'uint16', 'float16']) }).optional(),
});

const bytesPerNumber = {
  ...{ float32: 4, int32: 4, bool: 1, complex64: 8 },
  ...{ uint8: 1, uint16: 2, float16: 2 },
};

/** Maximum number of files with weights. */
const maxFiles = 10_000;

/** Name of a file in the folder of the `model.json`: any other path is refused. */
const basename = z
  .string()
  .regex(/^[^/\\]+$/, 'expected the name of a file in the same folder')
  .refine((name) => name !== '.' && name !== '..', 'expected the name of a file');

export const manifestSchema = listOf(
  z.looseObject({ paths: listOf(basename, maxFiles), weights: tensorList(weight) }),
  maxFiles,
);
/** The weights of a model, in the order of their bytes in the files. */
export type Manifest = z.infer<typeof manifestSchema>;

/** The `model.json` of a tfjs LayersModel or GraphModel. */
const modelJsonSchema = z.looseObject({
  format: z.string().optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: manifestSchema,
});
export type ModelJson = z.infer<typeof modelJsonSchema>;

/**
 * Parses the `model.json` of a tfjs model.
 * @param name Name of the file in errors.
 * @throws UserError if it is not such a file, or has the other format.
 */
export function parseModelJson(
  text: string,
  name: string,
  format: 'layers-model' | 'graph-model',
): ModelJson {
  const wanted = `the model.json of a tfjs ${format}`;
  const parsed = modelJsonSchema.safeParse(parseJson(text, name, wanted));
  if (!parsed.success) {
    throw new UserError(`${name} is not ${wanted}: ${z.prettifyError(parsed.error)}`);
  }
  const found = parsed.data.format ?? format;
  if (found !== format) {
    const field = found === 'graph-model' ? 'graphModel' : 'layersModel';
    throw new UserError(
      `${name} is a ${found}, and the config names it as a ${format}`,
      `Give it as teacher.${field}.`,
    );
  }
  if (format === 'layers-model') {
    refuseKeras3(parsed.data.modelTopology, name, exportHint);
    checkInboundLayers(parsed.data.modelTopology, name);
    checkAllowedLayers(parsed.data.modelTopology, name);
  }
  if (format === 'graph-model') checkGraphModel(parsed.data.modelTopology, name);
  return parsed.data;
}

/**
 * Returns the format that a `model.json` names. Without a name it is a LayersModel.
 * @throws UserError if the text is not JSON.
 */
export function formatOfModelJson(text: string, name: string): 'layers-model' | 'graph-model' {
  const json = parseJson(text, name, 'the model.json of a tfjs model');
  const { data } = z.object({ format: z.string().optional() }).safeParse(json);
  return data?.format === 'graph-model' ? data.format : 'layers-model';
}

const exportHint =
  "In Python: model.export('teacher/model'). Then set teacher.savedModel: teacher/model.";

function parseJson(text: string, name: string, wanted: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${name} is not ${wanted}: it is not JSON (${(error as Error).message})`);
  }
  if (!isTooDeep(value)) return value;
  throw new UserError(
    `${name} is not ${wanted}: it has more than ${maxJsonLevels} levels of lists and objects`,
  );
}

/** Returns the bytes that the weights must have, or undefined if some are texts, which vary. */
export function weightBytes(model: Pick<ModelJson, 'weightsManifest'>): number | undefined {
  let bytes = 0;
  for (const { shape, dtype, quantization } of model.weightsManifest.flatMap((m) => m.weights)) {
    if (dtype === 'string') return undefined;
    const size = bytesPerNumber[quantization?.dtype ?? dtype];
    bytes += size * product(shape);
  }
  return bytes;
}
