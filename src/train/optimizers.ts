/**
 * Adam and SGD with momentum, with decoupled weight decay. Not the optimizers of tfjs: those keep
 * the running powers of beta in tensors that cannot be read or put back, so that a resumed run
 * would differ from an undisturbed one. Here all state is in named slots and a count of steps.
 */
import type { Network } from '../config/schema.ts';
import { tf, type tfTypes } from '../tensorflow.ts';

export type OptimizerConfig = Pick<Network, 'optimizer' | 'momentum' | 'weightDecay'>;

/** A weight that is trained. */
export interface Parameter {
  /** Unique in its model, such as "conv1/kernel". */
  readonly name: string;
  readonly variable: tfTypes.Variable;
}

export interface Optimizer {
  /**
   * Takes one step: changes the parameters in place. Takes no hold of the gradients.
   * @param gradients by the name of the variable; one without a gradient is left as it is.
   */
  update(gradients: tfTypes.NamedTensorMap, learningRate: number): void;
  /** The slots by name, such as "adam/m/conv1/kernel"; all of them, from the start. */
  readonly slots: ReadonlyMap<string, tfTypes.Variable>;
  /** How many steps were taken. */
  steps: number;
  dispose(): void;
}

/** How one parameter is updated: value -= learningRate * direction. */
interface Rule {
  readonly slots: readonly string[];
  /** @param step from 1. */
  next(
    gradient: tfTypes.Tensor,
    slots: readonly tfTypes.Tensor[],
    step: number,
  ): { direction: tfTypes.Tensor; slots: readonly tfTypes.Tensor[] };
}

/**
 * Kingma and Ba 2015, "Adam", algorithm 1, with its recommended beta1, beta2 and epsilon:
 *   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g²
 *   direction = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)
 */
function adam(): Rule {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  return {
    slots: ['m', 'v'],
    next(gradient, [oldM, oldV], step) {
      const m = oldM!.mul(beta1).add(gradient.mul(1 - beta1));
      const v = oldV!.mul(beta2).add(gradient.square().mul(1 - beta2));
      const scale = v.div(1 - beta2 ** step).sqrt();
      return { direction: m.div(1 - beta1 ** step).div(scale.add(epsilon)), slots: [m, v] };
    },
  };
}

/** velocity = momentum velocity + g; direction = velocity (Sutskever et al. 2013, equation 1). */
function sgd(momentum: number): Rule {
  return {
    slots: ['velocity'],
    next(gradient, [old]) {
      const velocity = old!.mul(momentum).add(gradient);
      return { direction: velocity, slots: [velocity] };
    },
  };
}

/**
 * The weight decay is decoupled (Loshchilov and Hutter 2019, "Decoupled weight decay
 * regularization"): a kernel also loses learningRate * weightDecay of itself. Biases and the scales
 * of batch norm do not decay.
 */
export function createOptimizer(
  parameters: readonly Parameter[],
  { optimizer, momentum, weightDecay }: OptimizerConfig,
): Optimizer {
  const rule = optimizer === 'adam' ? adam() : sgd(momentum);
  const entries = parameters.map((parameter) => ({
    ...parameter,
    decay: parameter.name.endsWith('kernel') ? weightDecay : 0,
    slots: rule.slots.map(() =>
      tf.tidy(() => tf.variable(tf.zeros(parameter.variable.shape), false)),
    ),
  }));
  const slots = new Map(
    entries.flatMap(({ name, slots }) =>
      slots.map((slot, place) => [`${optimizer}/${rule.slots[place]}/${name}`, slot] as const),
    ),
  );
  return {
    steps: 0,
    slots,
    update(gradients, learningRate) {
      this.steps++;
      for (const { variable, slots, decay } of entries) {
        const gradient = gradients[variable.name];
        if (!gradient) continue;
        tf.tidy(() => {
          const next = rule.next(gradient, slots, this.steps);
          slots.forEach((slot, place) => {
            slot.assign(next.slots[place]!);
          });
          const kept = decay > 0 ? variable.mul(1 - learningRate * decay) : variable;
          variable.assign(kept.sub(next.direction.mul(learningRate)));
        });
      }
    },
    dispose() {
      for (const slot of slots.values()) slot.dispose();
    },
  };
}
