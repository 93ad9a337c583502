/**
 * RandAugment (Cubuk et al. 2020, "RandAugment: practical automated data augmentation with a
 * reduced search space"), with the operations and the magnitudes of torchvision: 31 levels from 0
 * to 30. An operation may be drawn more than once.
 */
import type { Random } from '../../random.ts';
import type { Pixels } from '../image-resample.ts';
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  autoContrast,
  equalize,
  type PixelOperation,
  posterize,
  solarize,
} from './colors.ts';
import { adjustSharpness, rotate, shearX, shearY, translateX, translateY } from './geometry.ts';

/** Highest magnitude. */
export const maxMagnitude = 30;

/** Operation on an image, in place. */
export interface RandomOperation {
  readonly name: string;
  /**
   * Returns the amount of the operation at a strength in [0, 1]. Default: it has none.
   * @param image the image; some amounts depend on its size.
   */
  amount?(strength: number, image: Pixels): number;
  /** Whether the amount is negative in half of the cases. */
  readonly isSigned: boolean;
  /** @param fill colour of pixels from outside the image, [channels]. */
  apply(image: Pixels, amount: number, fill: readonly number[]): void;
}

// In float32 as torchvision, because results are truncated.
const factor = (strength: number) => Math.fround(0.9 * strength);
const shear = (strength: number) => 0.3 * strength;

/** An operation by a factor around 1. */
function adjustment(name: string, adjust: PixelOperation): RandomOperation {
  const apply = (image: Pixels, amount: number) => adjust(image, 1 + amount);
  return { name, isSigned: true, amount: factor, apply };
}

/** The operations, in torchvision's order. */
export const randomOperations: readonly RandomOperation[] = [
  { name: 'Identity', isSigned: false, apply: () => {} },
  { name: 'ShearX', isSigned: true, amount: shear, apply: shearX },
  { name: 'ShearY', isSigned: true, amount: shear, apply: shearY },
  {
    name: 'TranslateX',
    isSigned: true,
    amount: (strength, { width }) => (strength * 150 * width) / 331,
    apply: translateX,
  },
  {
    name: 'TranslateY',
    isSigned: true,
    amount: (strength, { height }) => (strength * 150 * height) / 331,
    apply: translateY,
  },
  { name: 'Rotate', isSigned: true, amount: (strength) => 30 * strength, apply: rotate },
  adjustment('Brightness', adjustBrightness),
  adjustment('Color', adjustSaturation),
  adjustment('Contrast', adjustContrast),
  adjustment('Sharpness', adjustSharpness),
  {
    name: 'Posterize',
    isSigned: false,
    amount: (strength) => 8 - Math.round(4 * strength),
    apply: posterize,
  },
  {
    name: 'Solarize',
    isSigned: false,
    amount: (strength) => Math.fround(255 * (1 - strength)),
    apply: solarize,
  },
  { name: 'AutoContrast', isSigned: false, apply: autoContrast },
  { name: 'Equalize', isSigned: false, apply: equalize },
];

/** Settings of RandAugment. */
export interface RandAugment {
  /** Number of operations per image. */
  readonly operations: number;
  /** From 0 to 30. */
  readonly magnitude: number;
}

/** Applies random operations to an image, in place. */
export function applyRandAugment(
  image: Pixels,
  { operations, magnitude }: RandAugment,
  fill: readonly number[],
  random: Random,
): void {
  for (let count = 0; count < operations; count++) {
    const operation = randomOperations[Math.floor(random() * randomOperations.length)]!;
    const amount = operation.amount?.(magnitude / maxMagnitude, image) ?? 0;
    const sign = operation.isSigned && random() < 0.5 ? -1 : 1;
    operation.apply(image, sign * amount, fill);
  }
}
