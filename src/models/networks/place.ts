/** Place of a layer in a network of stages and blocks, both counted from 1. */
export interface Place {
  readonly stage: number;
  readonly block: number;
  /** Layer within the block. */
  readonly part: string;
}

/**
 * Reads the place of a layer from its name; undefined if it is outside of the blocks.
 * @example placeOf('stage2_block1_conv1'); // { stage: 2, block: 1, part: 'conv1' }
 */
export function placeOf(layer: string): Place | undefined {
  const [, stage, block, part] = /^stage(\d+)_block(\d+)_(.+)$/.exec(layer) ?? [];
  if (part === undefined) return undefined;
  return { stage: Number(stage), block: Number(block), part };
}
