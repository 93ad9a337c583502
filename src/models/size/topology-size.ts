/**
 * Computes the work of a tfjs LayersModel from the JSON of its topology. It computes the shapes
 * from layer to layer, without building the model. An unknown layer keeps the shape and costs
 * nothing, which is right for activations and similar layers.
 */
import { z } from 'zod';
import { product, sum } from '../../arrays.ts';
import { listOf } from '../../wide-schemas.ts';
import { maxAxes } from '../tensor-list.ts';
import { maxLayers } from '../topology.ts';
import { type NetworkSize, noWork, totalSize } from './network-size.ts';

/** A list of one value per axis. */
const axesOf = <Value extends z.ZodType>(value: Value) => listOf(value, maxAxes);
const numbers = axesOf(z.number().nullable());
const sizes = z.union([z.number(), axesOf(z.number())]);

/** Padding along one axis: on both sides, or before and after. */
const sides = z.union([z.number(), z.tuple([z.number(), z.number()])]);

const layerSchema = z.looseObject({
  class_name: z.string(),
  config: z.looseObject({
    name: z.string().optional(),
    batch_input_shape: numbers.optional(),
    units: z.number().optional(),
    input_dim: z.number().nullish(),
    output_dim: z.number().optional(),
    n: z.number().optional(),
    num_tokens: z.number().nullish(),
    height: z.number().optional(),
    width: z.number().optional(),
    size: sizes.optional(),
    filters: z.number().optional(),
    kernel_size: sizes.optional(),
    pool_size: sizes.optional(),
    strides: sizes.nullish(),
    padding: z.union([z.string(), z.number(), axesOf(sides)]).optional(),
    depth_multiplier: z.number().optional(),
    target_shape: numbers.optional(),
    use_bias: z.boolean().optional(),
    /** Whether a BatchNormalization has this vector; of a Rescaling layer, its factor. */
    scale: z.unknown().optional(),
    center: z.unknown().optional(),
  }),
  inbound_nodes: listOf(
    listOf(z.tuple([z.string()], z.unknown()), maxLayers),
    maxLayers,
  ).optional(),
});
type Layer = z.infer<typeof layerSchema>;

const modelSchema = z.looseObject({
  config: z.looseObject({ layers: listOf(layerSchema, maxLayers) }),
});

/**
 * Computes the size of a network from its topology.
 * @param json The parsed `model.json`, or the topology in it.
 * @param inputShape Shape of one example, without the batch; empty if only the file states it.
 * @returns undefined if it is not the topology of a LayersModel, or cannot be built.
 */
export function topologySize(
  json: unknown,
  inputShape: readonly number[],
): NetworkSize | undefined {
  const parsed = modelSchema.safeParse(unwrap(json));
  if (!parsed.success) return undefined;
  const { size } = followAll(parsed.data.config.layers, inputShape);
  const isSize = Object.values(size).every((figure) => Number.isFinite(figure) && figure >= 0);
  return isSize ? size : undefined;
}

/** Describes the first field because of which `topologySize` returns undefined. */
export function unknownSize(json: unknown): string {
  const [issue] = modelSchema.safeParse(unwrap(json)).error?.issues ?? [];
  if (issue === undefined) return 'a size is negative or infinite, or an output has too many axes';
  return `${issue.path.join('.') || 'the topology'}: ${issue.message}`;
}

/** Adds up the layers of a model; its output is that of the last one. */
function followAll(layers: readonly Layer[], inputShape: readonly number[]): Required<Step> {
  const shapes = new Map<string, readonly number[]>();
  const sizes: NetworkSize[] = [];
  let last = inputShape;
  for (const layer of layers) {
    const own = inputShape.length === 0 ? layer.config.batch_input_shape : undefined;
    const sources = layer.inbound_nodes?.[0]?.map(([name]) => shapes.get(name) ?? last) ?? [last];
    const input = own ? openAsOne(own) : merged(layer, sources.length > 0 ? sources : [inputShape]);
    const { output, size = noWork } = follow(layer, input);
    // Each layer could add an axis. No layer can be built that has so many.
    if (output.length > maxAxes) {
      return { output: [], size: { ...noWork, outputs: Number.POSITIVE_INFINITY } };
    }
    sizes.push({ ...size, outputs: size.outputs || product(output) });
    if (layer.config.name !== undefined) shapes.set(layer.config.name, output);
    last = output;
  }
  return { output: last, size: totalSize(sizes) };
}

/** Returns the shape of one example: open sizes count as one. */
function openAsOne(batchShape: readonly (number | null)[]): number[] {
  return batchShape.slice(1).map((size) => size ?? 1);
}

/** Removes the wrappers: one by model.save, two by the converter for Keras. */
function unwrap(json: unknown): unknown {
  const wrapper = z.union([
    z.looseObject({ modelTopology: z.unknown() }).transform((found) => found.modelTopology),
    z.looseObject({ model_config: z.unknown() }).transform((found) => found.model_config),
  ]);
  const found = wrapper.safeParse(json);
  return found.success && found.data !== undefined ? unwrap(found.data) : json;
}

/** Returns the shape that a layer reads: of its one input, or of several concatenated. */
function merged(layer: Layer, inputs: readonly (readonly number[])[]): readonly number[] {
  const [first = []] = inputs;
  if (layer.class_name !== 'Concatenate' || inputs.length === 1) return first;
  const depth = sum(inputs.map((shape) => shape.at(-1) ?? 0));
  return [...first.slice(0, -1), depth];
}

interface Step {
  readonly output: readonly number[];
  readonly size?: NetworkSize;
}

function follow({ class_name, config }: Layer, input: readonly number[]): Step {
  const channels = input.at(-1) ?? 1;
  switch (class_name) {
    case 'Dense': {
      const units = config.units ?? 1;
      const positions = product(input.slice(0, -1));
      return {
        output: [...input.slice(0, -1), units],
        size: kernel(channels * units, positions, biases(config, units)),
      };
    }
    case 'Conv1D':
    case 'Conv2D': {
      const output = [...slide(config, config.kernel_size, 1, input), config.filters ?? 1];
      const weights = area(config.kernel_size, input) * channels * (config.filters ?? 1);
      const bias = biases(config, config.filters ?? 1);
      return { output, size: kernel(weights, product(output.slice(0, -1)), bias) };
    }
    case 'DepthwiseConv2D':
    case 'SeparableConv2D': {
      const depth = channels * (config.depth_multiplier ?? 1);
      const filters = class_name === 'SeparableConv2D' ? (config.filters ?? 1) : 0;
      const output = [...slide(config, config.kernel_size, 1, input), filters || depth];
      const weights = area(config.kernel_size, input) * depth + depth * filters;
      const bias = biases(config, filters || depth);
      return { output, size: kernel(weights, product(output.slice(0, -1)), bias) };
    }
    case 'BatchNormalization': {
      // gamma and beta; the moving averages are not trained.
      const vectors = [config.scale, config.center].filter((isUsed) => isUsed ?? true);
      return { output: input, size: { ...noWork, parameters: vectors.length * channels } };
    }
    case 'MaxPooling1D':
    case 'MaxPooling2D':
    case 'AveragePooling1D':
    case 'AveragePooling2D':
      return { output: [...slide(config, config.pool_size, config.pool_size, input), channels] };
    case 'GlobalAveragePooling1D':
    case 'GlobalAveragePooling2D':
    case 'GlobalMaxPooling1D':
    case 'GlobalMaxPooling2D':
      return { output: [channels] };
    case 'ZeroPadding2D':
      return { output: [...padded(config, input), channels] };
    case 'UpSampling2D': {
      const output = input.slice(0, -1).map((size, axis) => size * (along(config.size, axis) ?? 2));
      return { output: [...output, channels] };
    }
    case 'Resizing':
      return { output: [config.height ?? 1, config.width ?? 1, channels] };
    case 'CategoryEncoding':
      return { output: [config.num_tokens ?? channels] };
    case 'RepeatVector':
      return { output: [config.n ?? 1, ...input] };
    case 'Embedding': {
      const width = config.output_dim ?? 1;
      const parameters = (config.input_dim ?? 1) * width;
      return { output: [...input, width], size: { ...noWork, parameters } };
    }
    case 'LSTM':
      return recurrent(config, input, 4);
    case 'GRU':
      return recurrent(config, input, 3);
    case 'SimpleRNN':
      return recurrent(config, input, 1);
    case 'Bidirectional':
    case 'TimeDistributed':
      return wrapped({ class_name, config }, input);
    case 'Flatten':
      return { output: [product(input)] };
    case 'Reshape': {
      const shape = config.target_shape ?? [];
      const known = shape.reduce<number>((all, size) => all * (size && size > 0 ? size : 1), 1);
      const open = product(input) / known;
      return { output: shape.map((size) => (size && size > 0 ? size : open)) };
    }
    case 'Sequential':
    case 'Model':
    case 'Functional': {
      const inner = modelSchema.safeParse({ config });
      return inner.success ? followAll(inner.data.config.layers, input) : { output: input };
    }
    case 'InputLayer':
      return { output: config.batch_input_shape ? openAsOne(config.batch_input_shape) : input };
    default:
      return { output: input };
  }
}

/** @param gates Gates per unit, each with weights for the input and for the state. */
function recurrent(config: Layer['config'], input: readonly number[], gates: number): Step {
  const [steps = 1, channels = 1] = input;
  const units = config.units ?? 1;
  const weights = gates * units * (channels + units);
  return {
    output: config.return_sequences === true ? [steps, units] : [units],
    size: kernel(weights, steps, biases(config, gates * units)),
  };
}

/** Follows the layer inside: in both directions, or at every step. */
function wrapped({ class_name, config }: Layer, input: readonly number[]): Step {
  const inner = layerSchema.safeParse(config.layer).data;
  if (!inner) return { output: input };
  if (class_name === 'TimeDistributed') {
    const [steps = 1, ...each] = input;
    const { output, size = noWork } = follow(inner, each);
    return { output: [steps, ...output], size: { ...size, macs: steps * size.macs } };
  }
  const { output, size = noWork } = follow(inner, input);
  return {
    output: [...output.slice(0, -1), 2 * (output.at(-1) ?? 1)],
    size: totalSize([size, size]),
  };
}

/** The size of a layer that uses all weights of its kernel at every position of the output. */
function kernel(weights: number, positions: number, bias: number): NetworkSize {
  return { ...noWork, macs: weights * positions, kernels: 1, parameters: weights + bias };
}

function biases(config: Layer['config'], units: number): number {
  return config.use_bias === false ? 0 : units;
}

type Sizes = number | readonly number[] | null | undefined;

const along = (sizes: Sizes, axis: number): number | undefined =>
  typeof sizes === 'number' ? sizes : (sizes?.[axis] ?? undefined);

const area = (sizes: Sizes, input: readonly number[]) =>
  product(input.slice(0, -1).map((_, axis) => along(sizes, axis) ?? 1));

/** Returns the number of positions of a window along every axis except the channels. */
function slide(config: Layer['config'], window: Sizes, stride: Sizes, input: readonly number[]) {
  return input.slice(0, -1).map((size, axis) => {
    const step = along(config.strides, axis) ?? along(stride, axis) ?? 1;
    if (config.padding === 'same') return Math.ceil(size / step);
    return Math.max(1, Math.floor((size - (along(window, axis) ?? 1)) / step) + 1);
  });
}

/** Returns the sizes of a padded image. Default: one pixel on every side. */
function padded({ padding = 1 }: Layer['config'], input: readonly number[]) {
  return input.slice(0, -1).map((size, axis) => {
    const along = Array.isArray(padding) ? (padding[axis] ?? 0) : Number(padding);
    return size + (typeof along === 'number' ? 2 * along : sum(along));
  });
}
