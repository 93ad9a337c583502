/** The layers of tfjs that can be exported, as steps. To add one, write its row. */
import { z } from 'zod';
import { product } from '../../arrays.ts';
import {
  activations,
  type LayerWeight,
  NotExportable,
  type SlidingWindow,
  type Step,
} from './operations.ts';

/** A layer with what its steps depend on. */
export interface SourceLayer {
  /** Name of its class. */
  readonly kind: string;
  /** Fields in camelCase. */
  readonly config: unknown;
  /** Shapes of one example, without the batch. */
  readonly inputs: readonly (readonly number[])[];
  readonly output: readonly number[];
  /** Returns a weight by the last part of its name, such as `kernel`. */
  weight(name: string): LayerWeight | undefined;
}

/** A step with the shape of its result. Default: the shape of the layer's output. */
export type LayerStep = Step & { readonly shape?: readonly number[] };

type Convert = (layer: SourceLayer) => readonly LayerStep[];

const pair = z.tuple([z.number(), z.number()]);
const windowFields = {
  strides: pair,
  padding: z.enum(['valid', 'same'], "padding is not 'valid' or 'same'"),
  dataFormat: z.literal('channelsLast', "dataFormat is not 'channelsLast'").optional(),
};
const convolutionConfig = z.object({
  ...windowFields,
  kernelSize: pair,
  dilationRate: z.union([pair, z.number()]).nullish(),
  activation: z.unknown(),
});
const poolConfig = z.object({ ...windowFields, poolSize: pair });

const converters: Readonly<Record<string, Convert>> = {
  InputLayer: () => [],
  ...same(['Dropout', 'SpatialDropout1D', 'AlphaDropout', 'GaussianDropout', 'GaussianNoise']),
  Dense: (layer) => {
    requireRank(layer, 1);
    const { activation } = read(layer, z.object({ activation: z.unknown() }));
    const dense = { kind: 'dense', kernel: layer.weight('kernel')!, bias: layer.weight('bias') };
    return [dense as LayerStep, ...activationSteps(activation)];
  },
  Conv2D: (layer) => convolution(layer, 'kernel', false),
  DepthwiseConv2D: (layer) => convolution(layer, 'depthwise_kernel', true),
  SeparableConv2D: separable,
  BatchNormalization: batchNorm,
  Rescaling: (layer) => {
    const { scale, offset } = read(layer, z.object({ scale: z.number(), offset: z.number() }));
    const channels = layer.output.at(-1)!;
    const fill = (value: number) => new Float32Array(channels).fill(value);
    return [{ kind: 'normalize', mean: fill(0), factor: fill(scale), offset: fill(offset) }];
  },
  Activation: (layer) =>
    activationSteps(read(layer, z.object({ activation: z.unknown() })).activation),
  ReLU: (layer) => {
    const { maxValue } = read(layer, z.object({ maxValue: z.number().nullish() }));
    if (maxValue === undefined || maxValue === null) return activationSteps('relu');
    if (maxValue !== 6) throw new NotExportable('maxValue is not 6');
    return activationSteps('relu6');
  },
  LeakyReLU: (layer) => [
    { kind: 'leakyRelu', slope: read(layer, z.object({ alpha: z.number() })).alpha },
  ],
  Softmax: (layer) => {
    requireLastAxis(layer);
    return activationSteps('softmax');
  },
  MaxPooling2D: (layer) => [{ kind: 'pool', by: 'max', window: poolWindow(layer) }],
  AveragePooling2D: (layer) => [{ kind: 'pool', by: 'mean', window: poolWindow(layer) }],
  GlobalMaxPooling2D: (layer) => globalPool(layer, 'max'),
  GlobalAveragePooling2D: (layer) => globalPool(layer, 'mean'),
  ZeroPadding2D: (layer) => {
    const { dataFormat } = windowFields;
    const { padding } = read(layer, z.object({ padding: z.tuple([pair, pair]), dataFormat }));
    return [{ kind: 'pad', sides: padding }];
  },
  Add: (layer) => merge(layer, 'sum'),
  Multiply: (layer) => merge(layer, 'product'),
  Concatenate: (layer) => {
    requireLastAxis(layer);
    return [{ kind: 'concatenate' }];
  },
  Flatten: (layer) => (layer.inputs[0]!.length === 1 ? [] : [{ kind: 'reshape' }]),
  Reshape: () => [{ kind: 'reshape' }],
};

/**
 * Returns the steps that compute a layer as in a prediction.
 * @throws NotExportable with the reason, without the name of the layer.
 */
export function layerSteps(layer: SourceLayer): readonly LayerStep[] {
  const convert = converters[layer.kind];
  if (!convert) throw new NotExportable('this kind of layer is not supported');
  return convert(layer);
}

/** Rows of layers that only matter in training. */
function same(kinds: readonly string[]): Record<string, Convert> {
  return Object.fromEntries(kinds.map((kind) => [kind, () => []]));
}

function read<Schema extends z.ZodType>(layer: SourceLayer, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(layer.config);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new NotExportable(`${issue?.path.join('.')}: ${issue?.message}`);
}

/** @throws NotExportable if an example's input has other axes: 1 for a vector, 3 for an image. */
function requireRank({ inputs }: SourceLayer, rank: number): void {
  const [shape] = inputs;
  if (shape?.length !== rank) throw new NotExportable(`its input is [${shape}]`);
}

/** @throws NotExportable if the layer works along another axis than the last. */
function requireLastAxis(layer: SourceLayer): void {
  const { axis } = read(layer, z.object({ axis: z.number().nullish() }));
  const rank = layer.output.length;
  if (axis !== undefined && axis !== null && axis !== -1 && axis !== rank) {
    throw new NotExportable(`axis is ${axis}, not the last`);
  }
}

function activationSteps(name: unknown): LayerStep[] {
  if (name === 'linear' || name === null || name === undefined) return [];
  const by = activations.find((known) => known === name);
  if (!by) throw new NotExportable(`the activation ${JSON.stringify(name)} is not supported`);
  return [{ kind: 'activation', by }];
}

function convolution(layer: SourceLayer, kernel: string, isDepthwise: boolean): LayerStep[] {
  requireRank(layer, 3);
  const { activation } = read(layer, convolutionConfig);
  const window = kernelWindow(layer);
  // TensorFlow ignores it on processors with oneDNN, so that no right file equals the student.
  if (isDepthwise && `${window.dilations}` !== '1,1') {
    throw new NotExportable('dilationRate is not 1');
  }
  return [
    {
      kind: 'convolution',
      kernel: layer.weight(kernel)!,
      bias: layer.weight('bias'),
      isDepthwise,
      window,
    },
    ...activationSteps(activation),
  ];
}

function separable(layer: SourceLayer): LayerStep[] {
  const [depthwise] = convolution(layer, 'depthwise_kernel', true);
  const kernel = layer.weight('pointwise_kernel')!;
  const one = [1, 1] as const;
  const window: SlidingWindow = { size: one, strides: one, dilations: one, padding: 'valid' };
  return [
    {
      ...depthwise!,
      bias: undefined,
      shape: [...layer.output.slice(0, 2), kernel.shape[2]!],
    } as LayerStep,
    { kind: 'convolution', kernel, bias: layer.weight('bias'), isDepthwise: false, window },
    ...activationSteps(read(layer, convolutionConfig).activation),
  ];
}

function kernelWindow(layer: SourceLayer): SlidingWindow {
  const { kernelSize, strides, padding, dilationRate } = read(layer, convolutionConfig);
  const rate = dilationRate ?? 1;
  const dilations = typeof rate === 'number' ? ([rate, rate] as const) : rate;
  return { size: kernelSize, strides, dilations, padding };
}

function poolWindow(layer: SourceLayer): SlidingWindow {
  const { poolSize, strides, padding } = read(layer, poolConfig);
  return { size: poolSize, strides, dilations: [1, 1], padding };
}

function globalPool(layer: SourceLayer, by: 'max' | 'mean'): LayerStep[] {
  requireRank(layer, 3);
  read(layer, z.object({ dataFormat: windowFields.dataFormat }));
  return [{ kind: 'globalPool', by }];
}

/** @throws NotExportable if the inputs differ in shape, so that one would be repeated. */
function merge({ inputs }: SourceLayer, kind: 'sum' | 'product'): LayerStep[] {
  if (inputs.some((shape) => `${shape}` !== `${inputs[0]}`)) {
    throw new NotExportable('its inputs have different shapes');
  }
  return [{ kind }];
}

function batchNorm(layer: SourceLayer): LayerStep[] {
  requireLastAxis(layer);
  const { epsilon } = read(layer, z.object({ epsilon: z.number() }));
  const channels = product(layer.output.slice(-1));
  const mean = layer.weight('moving_mean')!.values;
  const variance = layer.weight('moving_variance')!.values;
  const gamma = layer.weight('gamma')?.values;
  const factor = variance.map((value, c) => (gamma?.[c] ?? 1) / Math.sqrt(value + epsilon));
  const offset = layer.weight('beta')?.values ?? new Float32Array(channels);
  return [{ kind: 'normalize', mean, factor, offset }];
}
