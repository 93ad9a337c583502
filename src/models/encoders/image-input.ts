import { product } from '../../arrays.ts';
import { readAhead } from '../../data/ahead.ts';
import type { Rejected } from '../../data/example.ts';
import type { ImageFeatures } from '../../data/features/image-features.ts';
import { createEncoder, featureShape } from '../../data/features/index.ts';
import { isDecoded, type Rows, rowsOf } from '../../data/features/kind.ts';
import { UserError } from '../../errors.ts';
import { featuresInput } from '../teachers/features-input.ts';
import { fittingLayouts, type Layout } from '../teachers/layout.ts';
import { type Port, portsText } from '../teachers/loaded-model.ts';
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

/**
 * Makes the input of an encoder of images.
 * @throws UserError if the model does not have one input, or does not read images of this size.
 */
export function imageInput(options: ImageInputOptions): EncoderInput {
  const { inputs, features, batchSize, source } = options;
  const layout = layoutOf(options);
  const input = featuresInput(inputs[0]!, features, layout, source, 'encoder');
  const encoder = createEncoder(features);
  const size = product(featureShape(features));
  const count = input.fixedBatch ?? batchSize;
  const batchOf = (positions: readonly number[], rows: Rows): InputBatch => {
    const n = input.fixedBatch ?? rows.n;
    return { rows: positions, feeds: input.feeds({ ids: [], rows }, 0, n), lengths: undefined };
  };
  return {
    chunk: count,
    channelsFirst: layout.channelsFirst,
    probe: () => {
      const n = input.fixedBatch === undefined ? 2 : 1;
      return batchOf([], { n, values: new Float32Array(n * size) });
    },
    async *batches(examples, { rejected }) {
      const starts = Array.from(
        { length: Math.ceil(examples.length / count) },
        (_, index) => index * count,
      );
      const decodeBatch = async (start: number) => {
        const part = examples.slice(start, start + count);
        const decoded = await Promise.all(part.map(encoder.decode));
        const kept: { readonly row: number; readonly pixels: Uint8Array | Float32Array }[] = [];
        const lost: { readonly row: number; readonly rejection: Rejected }[] = [];
        for (const [index, pixels] of decoded.entries()) {
          const row = start + index;
          if (isDecoded(pixels)) kept.push({ row, pixels });
          else lost.push({ row, rejection: pixels });
        }
        return { kept, lost };
      };
      for await (const { kept, lost } of readAhead(starts, batchesAhead, decodeBatch)) {
        for (const { row, rejection } of lost) rejected.set(row, rejection);
        if (kept.length === 0) continue;
        const rows = rowsOf(
          encoder,
          kept.map(({ pixels }) => pixels),
        );
        yield batchOf(
          kept.map(({ row }) => row),
          rows,
        );
      }
    },
  };
}

function layoutOf({ inputs, features, channelsFirst, source }: ImageInputOptions): Layout {
  const [input, ...others] = inputs;
  if (input === undefined || others.length > 0) {
    throw new UserError(
      `${source} has the inputs ${portsText(inputs)}, and an encoder of images reads one`,
      'Export the part of the model that reads images, alone.',
    );
  }
  const layouts = fittingLayouts(input, features, undefined, source, 'encoder');
  return layouts.find((layout) => layout.channelsFirst === channelsFirst) ?? layouts[0];
}
