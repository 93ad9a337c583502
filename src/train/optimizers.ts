/**
 * Adam and SGD with momentum, with decoupled weight decay. The optimizers of tfjs cannot be used:
 * they keep the running powers of beta in tensors that cannot be read or restored. A resumed run
 * would differ from an uninterrupted one. Here all state is in named slots and a count of steps.
 */
import { tf, type tfTypes } from '../tensorflow.ts';
import {
  type AdamRates,
  adamRates,
  decayOf,
  type OptimizerConfig,
  slotKey,
  slotNames,
} from './optimizer-rules.ts';
import type { Parameter } from './parameters.ts';

export interface Optimizer {
  /**
   * Takes one step: changes the parameters in place. Does not dispose of the gradients.
   * @param gradients by the name of the variable; a variable without a gradient is unchanged.
   */
  update(gradients: tfTypes.NamedTensorMap, learningRate: number): void;
  /** All slots, by their keys. */
  readonly slots: ReadonlyMap<string, tfTypes.Variable>;
  /** Number of steps taken. */
  steps: number;
  dispose(): void;
}

/** Change of a parameter, to be subtracted, and its new slots. */
interface Change {
  readonly by: tfTypes.Tensor;
  readonly slots: readonly tfTypes.Tensor[];
}

/**
 * Creates an optimizer. The weight decay is decoupled (Loshchilov and Hutter 2019, "Decoupled
 * weight decay regularization"): a kernel also loses the share learningRate * weightDecay.
 */
export function createOptimizer(
  parameters: readonly Parameter[],
  config: OptimizerConfig,
): Optimizer {
  const names = slotNames[config.optimizer];
  const entries = parameters.map((parameter) => ({
    ...parameter,
    decay: decayOf(parameter, config),
    slots: names.map(() => tf.tidy(() => tf.variable(tf.zeros(parameter.variable.shape), false))),
  }));
  const slots = new Map(
    entries.flatMap(({ name, slots }) =>
      slots.map((slot, index) => [slotKey(config, names[index]!, name), slot] as const),
    ),
  );
  return {
    steps: 0,
    slots,
    update(gradients, learningRate) {
      this.steps++;
      const rates = adamRates(learningRate, this.steps);
      for (const { variable, slots, decay, rateFactor } of entries) {
        const gradient = gradients[variable.name];
        if (!gradient) continue;
        const rate = rateFactor * learningRate;
        tf.tidy(() => {
          const change =
            config.optimizer === 'adam'
              ? adam(gradient, slots, { ...rates, rate: rateFactor * rates.rate })
              : sgd(gradient, slots, config.momentum, rate);
          slots.forEach((slot, index) => {
            slot.assign(change.slots[index]!);
          });
          const kept = decay > 0 ? variable.mul(1 - rate * decay) : variable;
          variable.assign(kept.sub(change.by));
        });
      }
    },
    dispose() {
      for (const slot of slots.values()) slot.dispose();
    },
  };
}

function adam(
  gradient: tfTypes.Tensor,
  [oldM, oldV]: readonly tfTypes.Tensor[],
  { beta1, beta2, rate, epsilon }: AdamRates,
): Change {
  const m = oldM!.mul(beta1).add(gradient.mul(1 - beta1));
  const v = oldV!.mul(beta2).add(gradient.square().mul(1 - beta2));
  return { by: m.mul(rate).div(v.sqrt().add(epsilon)), slots: [m, v] };
}

/** Computes velocity = momentum velocity + g (Sutskever et al. 2013, equation 1). */
function sgd(
  gradient: tfTypes.Tensor,
  [old]: readonly tfTypes.Tensor[],
  momentum: number,
  learningRate: number,
): Change {
  const velocity = old!.mul(momentum).add(gradient);
  return { by: velocity.mul(learningRate), slots: [velocity] };
}
