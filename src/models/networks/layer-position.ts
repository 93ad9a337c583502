/** Position of a layer in a network of stages and blocks, both counted from 1. */
export interface LayerPosition {
  readonly stage: number;
  readonly block: number;
  /** Layer within the block. */
  readonly part: string;
}

/**
 * Reads the position of a layer from its name; undefined if it is outside of the blocks.
 * @example positionOf('stage2_block1_conv1'); // { stage: 2, block: 1, part: 'conv1' }
 */
export function positionOf(layer: string): LayerPosition | undefined {
  const [, stage, block, part] = /^stage(\d+)_block(\d+)_(.+)$/.exec(layer) ?? [];
  if (part === undefined) return undefined;
  return { stage: Number(stage), block: Number(block), part };
}
