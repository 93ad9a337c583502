/**
 * Computes the work of a tfjs LayersModel from the JSON of its topology. It computes the shapes
 * from layer to layer, without building the model. An unknown layer keeps the shape and costs
 * nothing, which is right for activations and similar layers.
 */
import { z } from 'zod';
import { product, sum } from '../../arrays.ts';
import { type NetworkSize, noWork, totalSize } from './network-size.ts';

const numbers = z.array(z.number().nullable());

/** Padding along one axis: on both sides, or before and after. */
const sides = z.union([z.number(), z.tuple([z.number(), z.number()])]);

const layerSchema = z.looseObject({
  class_name: z.string(),
  config: z.looseObject({
    name: z.string().optional(),
    batch_input_shape: numbers.optional(),
    units: z.number().optional(),
    filters: z.number().optional(),
    kernel_size: z.union([z.number(), z.array(z.number())]).optional(),
    pool_size: z.union([z.number(), z.array(z.number())]).optional(),
    strides: z.union([z.number(), z.array(z.number())]).nullish(),
    padding: z.union([z.string(), z.number(), z.array(sides)]).optional(),
    depth_multiplier: z.number().optional(),
    target_shape: numbers.optional(),
    use_bias: z.boolean().optional(),
    scale: z.boolean().optional(),
    center: z.boolean().optional(),
  }),
  inbound_nodes: z.array(z.array(z.tuple([z.string()], z.unknown()))).optional(),
});
type Layer = z.infer<typeof layerSchema>;

const modelSchema = z.looseObject({ config: z.looseObject({ layers: z.array(layerSchema) }) });

/**
 * Computes the size of a network from its topology.
 * @param json The parsed `model.json`, or the topology in it.
 * @param inputShape Shape of one example, without the batch.
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

/** Adds up the layers of a model; its output is that of the last one. */
function followAll(layers: readonly Layer[], inputShape: readonly number[]): Required<Step> {
  const shapes = new Map<string, readonly number[]>();
  const sizes: NetworkSize[] = [];
  let last = inputShape;
  for (const layer of layers) {
    const sources = layer.inbound_nodes?.[0]?.map(([name]) => shapes.get(name) ?? last) ?? [last];
    const input = merged(layer, sources.length > 0 ? sources : [inputShape]);
    const { output, size = noWork } = follow(layer, input);
    sizes.push({ ...size, outputs: size.outputs || product(output) });
    if (layer.config.name !== undefined) shapes.set(layer.config.name, output);
    last = output;
  }
  return { output: last, size: totalSize(sizes) };
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
      return { output: config.batch_input_shape?.slice(1).map((size) => size ?? 1) ?? input };
    default:
      return { output: input };
  }
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
