/** The table of losses: the one place where a loss is added. */
import { tableOf } from '../../table.ts';
import { binaryCrossEntropyLoss } from './binary-cross-entropy.ts';
import { crossEntropyLoss } from './cross-entropy.ts';
import type { LossFunction } from './loss-function.ts';
import { mcmiLoss } from './mcmi.ts';
import { mseLoss } from './mse.ts';
import { slamLoss } from './slam.ts';

const losses = tableOf(crossEntropyLoss, binaryCrossEntropyLoss, mseLoss, slamLoss, mcmiLoss);

type Losses = typeof losses;
type LossName = keyof Losses;
type LossParameters = {
  [Name in LossName]: Losses[Name] extends { open(parameters: infer P): unknown } ? P : never;
};

/** A loss by the name of its row, with its parameters. */
export type Loss<Name extends LossName = LossName> = {
  [N in Name]: { readonly kind: N } & LossParameters[N];
}[Name];

export const defaultLoss: Loss = { kind: crossEntropyLoss.name };

/** Returns the loss function of a description. */
export function openLoss<Name extends LossName>(loss: Loss<Name>): LossFunction {
  const rows: {
    readonly [N in LossName]: { open(parameters: LossParameters[N]): LossFunction };
  } = losses;
  return rows[loss.kind].open(loss);
}
