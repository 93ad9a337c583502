/**
 * Adam and SGD with momentum, with decoupled weight decay. The optimizers of tfjs cannot be used:
 * they keep the running powers of beta in tensors that cannot be read or restored. A resumed run
 * would differ from an uninterrupted one. Here all state is in named slots and a count of steps.
 */
import type { Network } from '../models/networks/index.ts';
import { tf, type tfTypes } from '../tensorflow.ts';
import type { Parameter } from './parameters.ts';

export type OptimizerConfig = Pick<Network, 'optimizer' | 'momentum' | 'weightDecay'>;

/** Slots of each optimizer, each with the shape of its parameter; initially 0. */
export const slotNames = { adam: ['m', 'v'], sgd: ['velocity'] } as const;

/** Returns the name of a parameter's slot in a state, such as "adam/m/conv1/kernel". */
export function slotKey({ optimizer }: OptimizerConfig, slot: string, parameter: string): string {
  return `${optimizer}/${slot}/${parameter}`;
}

/** Adam's constants, as recommended by its authors. */
const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

/** Constants of one step of Adam. */
export interface AdamRates {
  readonly beta1: number;
  readonly beta2: number;
  /** Learning rate, corrected for the slots' initial 0. */
  readonly rate: number;
  readonly epsilon: number;
}

/**
 * Computes the constants of a step by Kingma and Ba 2015, "Adam", algorithm 1, in the form at the
 * end of their section 2:
 *   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g²
 *   value -= rate m / (sqrt(v) + epsilon)
 *   rate = learningRate sqrt(1 - beta2^t) / (1 - beta1^t)
 * with the epsilon of the algorithm's last line, which this form divides by sqrt(1 - beta2^t).
 * @param step t, from 1.
 */
export function adamRates(learningRate: number, step: number): AdamRates {
  const correction = Math.sqrt(1 - beta2 ** step);
  const rate = (learningRate * correction) / (1 - beta1 ** step);
  return { beta1, beta2, rate, epsilon: epsilon * correction };
}

/** Returns the decay of a parameter: 0 for biases and the scales of batch norm. */
export function decayOf(
  { name }: Pick<Parameter, 'name'>,
  { weightDecay }: OptimizerConfig,
): number {
  return name.endsWith('kernel') ? weightDecay : 0;
}

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
