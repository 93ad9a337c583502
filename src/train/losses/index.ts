/** The table of losses: the one place where a loss is added. */
import { tableOf } from '../../table.ts';
import { crossEntropy } from './cross-entropy.ts';
import type { LossFunction } from './loss-function.ts';
import { mcmi } from './mcmi.ts';
import { mse } from './mse.ts';
import { slam } from './slam.ts';

const losses = tableOf(crossEntropy, mse, slam, mcmi);

type Losses = typeof losses;
type LossName = keyof Losses;
type LossParameters = {
  [Name in LossName]: Losses[Name] extends { open(parameters: infer P): unknown } ? P : never;
};

/** A loss by the name of its row, with its parameters. */
export type Loss<Name extends LossName = LossName> = {
  [N in Name]: { readonly kind: N } & LossParameters[N];
}[Name];

export const defaultLoss: Loss = { kind: crossEntropy.name };

/** Returns the loss function of a description. */
export function openLoss<Name extends LossName>(loss: Loss<Name>): LossFunction {
  const rows: {
    readonly [N in LossName]: { open(parameters: LossParameters[N]): LossFunction };
  } = losses;
  return rows[loss.kind].open(loss);
}
