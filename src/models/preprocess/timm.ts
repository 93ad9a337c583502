/** Preprocessing as timm stores it. */
import { z } from 'zod';
import type { PreprocessFields } from '../../data/features/preprocess-config.ts';
import { parseSettings } from './settings.ts';

const count = z.int().positive();
const numbers = z.array(z.number());

const timmFields = z.looseObject({
  input_size: z.tuple([count, count, count]),
  interpolation: z.enum(['bilinear', 'bicubic', 'lanczos', 'nearest']).default('bicubic'),
  crop_pct: z.number().positive().max(1).nullish(),
  crop_mode: z.enum(['center', 'squash']).default('center'),
  mean: numbers,
  std: numbers,
});

/** File whose fields are in `pretrained_cfg`; in old files, beside `architecture`. */
const timmFile = z.union([
  z.looseObject({ pretrained_cfg: z.looseObject({}) }).transform((file) => file.pretrained_cfg),
  z.looseObject({ architecture: z.string(), input_size: z.unknown() }),
]);

/** Default of timm for `crop_pct`: the crop's share of the resized image. */
const timmShare = 0.875;

/**
 * Reads `config.json` of timm.
 *
 * @returns undefined if the file has no preprocessing.
 * @throws UserError with the field that is unknown here.
 */
export function readTimm(json: unknown, key: string): PreprocessFields | undefined {
  const file = timmFile.safeParse(json);
  if (!file.success) return undefined;
  const found = parseSettings(timmFields, file.data, key);
  const [, height, width] = found.input_size;
  const share = found.crop_pct ?? timmShare;
  const before = (edge: number) => Math.floor(edge / share);
  return {
    resize: {
      fit: found.crop_mode === 'squash' ? 'stretch' : 'shortest-side-then-center-crop',
      size: [before(height), before(width)],
      filter: found.interpolation,
    },
    crop: [height, width],
    scale: '0..1',
    mean: found.mean,
    std: found.std,
  };
}
