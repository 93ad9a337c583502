/** Weights of layers in ONNX, in 32 bits or rounded to fewer. */
import { overflow, toFloat16 } from '../../float16.ts';
import { elementType, type OnnxWriter } from './onnx-writer.ts';
import { type LayerWeight, NotExportable } from './operations.ts';

/**
 * Numbers in which the weights are stored. Biases and the preprocessing keep their 32 bits.
 *
 * - float16: weights become float32 when the model is loaded.
 * - int8: one scale per channel. Dense layers also round their inputs, by the range in each batch,
 *   and multiply whole numbers. Convolutions multiply float32.
 */
export type Precision = 'float32' | 'float16' | 'int8';

/**
 * Appends the kernel of a layer.
 * @param axis Axis of its output channels.
 * @returns its name.
 * @throws NotExportable if the numbers cannot hold a weight.
 */
export function kernelOf(
  graph: OnnxWriter,
  name: string,
  { shape, values }: LayerWeight,
  axis: number,
  precision: Precision,
): string {
  const stored = `${name}/kernel`;
  if (precision === 'float32') return graph.constant(stored, shape, values);
  if (precision === 'float16') {
    requireHalves(name, values);
    const halves = graph.constant(stored, shape, toFloat16(values));
    return graph.node('Cast', [halves], `${stored}/float`, { to: elementType('float32') });
  }
  const { numbers, scales } = toInt8({ shape, values }, axis, 127);
  const inputs = [
    graph.constant(stored, shape, numbers),
    graph.constant(`${stored}/scales`, [scales.length], scales),
    graph.constant(`${stored}/zeros`, [scales.length], new Int8Array(scales.length)),
  ];
  return graph.node('DequantizeLinear', inputs, `${stored}/float`, { axis });
}

/** @throws NotExportable if a weight would become infinite, and the probabilities NaN. */
function requireHalves(name: string, values: Float32Array): void {
  const most = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  if (most < overflow) return;
  throw new NotExportable(
    `its layer ${name} has a weight of ${most.toPrecision(2)}, too large for 16 bits`,
  );
}

/** Appends x W + b in whole numbers. @param kernel [inputs, outputs]. @returns its name. */
export function denseInt8(
  graph: OnnxWriter,
  x: string,
  name: string,
  kernel: LayerWeight,
  bias: LayerWeight | undefined,
): string {
  const { numbers, scales } = toInt8(kernel, 1, denseMost);
  const [rounded, scale, zero] = graph.nodeOf(
    'DynamicQuantizeLinear',
    [x],
    [`${name}/rounded`, `${name}/scale`, `${name}/zero`],
  );
  const weights = graph.constant(`${name}/kernel`, kernel.shape, numbers);
  const sums = graph.node('MatMulInteger', [rounded, weights, zero], `${name}/sums`);
  const floats = graph.node('Cast', [sums], `${name}/floats`, { to: elementType('float32') });
  const perChannel = graph.constant(`${name}/scales`, [scales.length], scales);
  const unit = graph.node('Mul', [perChannel, scale], `${name}/unit`);
  const product = graph.node('Mul', [floats, unit], name);
  if (!bias) return product;
  return graph.node(
    'Add',
    [product, graph.constant(`${name}/bias`, bias.shape, bias.values)],
    name,
  );
}

/**
 * Largest weight of a dense layer. Processors without VNNI add two products of 8 bits in 16 bits,
 * which larger weights would overflow: 2 · 255 · 63 < 2¹⁵.
 */
const denseMost = 63;

/** Rounds weights to whole numbers from −most to most, times a scale per channel. */
function toInt8(
  { shape, values }: LayerWeight,
  axis: number,
  most: number,
): { readonly numbers: Int8Array; readonly scales: Float32Array } {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const channels = shape[axis]!;
  const channelOf = (index: number) => Math.floor(index / inner) % channels;
  const scales = new Float32Array(channels);
  for (const [index, value] of values.entries()) {
    const channel = channelOf(index);
    scales[channel] = Math.max(scales[channel]!, Math.abs(value) / most);
  }
  // A channel without weights needs a scale that is not 0.
  for (const [channel, scale] of scales.entries()) if (scale === 0) scales[channel] = 1;
  const numbers = Int8Array.from(values, (value, index) =>
    Math.max(-most, Math.min(most, Math.round(value / scales[channelOf(index)]!))),
  );
  return { numbers, scales };
}
