import { product } from '../../arrays.ts';
import { readAhead } from '../../data/ahead.ts';
import type { Rejected } from '../../data/example.ts';
import { type ImageFeatures, pixelNormalizer } from '../../data/features/image-features.ts';
import { createEncoder } from '../../data/features/index.ts';
import { type Decoded, isDecoded } from '../../data/features/kind.ts';
import { UserError } from '../../errors.ts';
import { featureType } from '../teachers/feature-types.ts';
import { fittingLayouts } from '../teachers/layout.ts';
import { type InputTensor, type Port, portsText } from '../teachers/loaded-model.ts';
import type { EncoderInput, InputBatch } from './input-batch.ts';

export interface ImageInputOptions {
  readonly inputs: readonly Port[];
  readonly features: ImageFeatures;
  /** Images per batch. */
  readonly batchSize: number;
  /** Whether the format has channels first, if the model's input does not show it. */
  readonly channelsFirst: boolean;
  /** Name of the encoder in errors. */
  readonly source: string;
}

/** Batches that are decoded while the model runs. */
const batchesAhead = 2;

/** An image that was decoded, with its position in the list of examples. */
interface DecodedImage {
  readonly row: number;
  readonly pixels: Decoded;
}

/**
 * Makes the input of an encoder of images.
 * @throws UserError if the model does not have one input, or does not read images of this size.
 */
export function imageInput(options: ImageInputOptions): EncoderInput {
  const { features, batchSize } = options;
  const { port, layout, makeFeed } = feedOf(options);
  const { decode } = createEncoder(features);
  const normalize = pixelNormalizer(features, layout.channelsFirst);
  const size = product(layout.shape);
  const fixedBatch = port.shape?.[0];
  const count = fixedBatch ?? batchSize;
  /** Memory that the model has read. New memory for each batch would keep collecting garbage. */
  const free: Float32Array[] = [];

  function takeMemory(length: number): Float32Array {
    const memory = free.pop();
    return memory !== undefined && memory.length >= length ? memory : new Float32Array(length);
  }

  /** Lends the model a batch, in memory that the next batches use again. */
  async function* lend(images: readonly DecodedImage[]): AsyncGenerator<InputBatch> {
    const n = fixedBatch ?? images.length;
    const memory = takeMemory(n * size);
    const values = memory.subarray(0, n * size);
    for (const [index, { pixels }] of images.entries()) normalize(pixels, values, index * size);
    values.fill(0, images.length * size);
    yield {
      rows: images.map(({ row }) => row),
      feeds: [makeFeed(values, n)],
      lengths: undefined,
    };
    free.push(memory);
  }

  return {
    chunk: count,
    channelsFirst: layout.channelsFirst,
    aspect: features.height / features.width,
    probe: () => {
      const n = fixedBatch ?? 2;
      return { rows: [], feeds: [makeFeed(new Float32Array(n * size), n)], lengths: undefined };
    },
    async *batches(examples, { rejected }) {
      const starts = Array.from(
        { length: Math.ceil(examples.length / count) },
        (_, index) => index * count,
      );
      const decodeBatch = async (start: number) => {
        const part = examples.slice(start, start + count);
        const decoded = await Promise.all(part.map(decode));
        const images: DecodedImage[] = [];
        const lost: { readonly row: number; readonly rejection: Rejected }[] = [];
        for (const [index, pixels] of decoded.entries()) {
          const row = start + index;
          if (isDecoded(pixels)) images.push({ row, pixels });
          else lost.push({ row, rejection: pixels });
        }
        return { images, lost };
      };
      for await (const { images, lost } of readAhead(starts, batchesAhead, decodeBatch)) {
        for (const { row, rejection } of lost) rejected.set(row, rejection);
        if (images.length > 0) yield* lend(images);
      }
    },
  };
}

/** Finds the layout of the model's input; makes its tensor of values in this layout. */
function feedOf({ inputs, features, channelsFirst, source }: ImageInputOptions) {
  const [port, ...others] = inputs;
  if (port === undefined || others.length > 0) {
    throw new UserError(
      `${source} has the inputs ${portsText(inputs)}, and an encoder of images reads one`,
      'Export the part of the model that reads images, alone.',
    );
  }
  const layouts = fittingLayouts(port, features, undefined, source, 'encoder');
  const layout = layouts.find((one) => one.channelsFirst === channelsFirst) ?? layouts[0];
  const convert = featureType(port, features, source, 'encoder');
  const makeFeed = (values: Float32Array, n: number): InputTensor => ({
    name: port.name,
    shape: [n, ...layout.shape],
    values: convert(values),
  });
  return { port, layout, makeFeed };
}
