import { type Random, shuffledOrder } from '../../random.ts';
import type { AugmentConfig } from '../augment-config.ts';
import type { Pixels } from '../image-resample.ts';
import { between } from './boxes.ts';
import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  type PixelOperation,
} from './colors.ts';

type ColorJitter = NonNullable<AugmentConfig['colorJitter']>;

/** A change, and the range of its amount. */
interface Change {
  readonly apply: PixelOperation;
  readonly range: readonly [low: number, high: number];
}

/** Creates torchvision's `ColorJitter`: random changes of the colours, in random order. */
export function createColorJitter(config: ColorJitter): (image: Pixels, random: Random) => void {
  const { brightness, contrast, saturation, hue } = config;
  const around = (spread: number) => [Math.max(0, 1 - spread), 1 + spread] as const;
  const changes: Change[] = [];
  if (brightness > 0) changes.push({ apply: adjustBrightness, range: around(brightness) });
  if (contrast > 0) changes.push({ apply: adjustContrast, range: around(contrast) });
  if (saturation > 0) changes.push({ apply: adjustSaturation, range: around(saturation) });
  if (hue > 0) changes.push({ apply: adjustHue, range: [-hue, hue] });
  return (image, random) => {
    for (const index of shuffledOrder(changes.length, random)) {
      const { apply, range } = changes[index]!;
      apply(image, between(range, random));
    }
  };
}
