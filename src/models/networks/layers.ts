/**
 * What the built-in networks are made of. Layers have names of their own, because tfjs numbers
 * unnamed ones by how many were made in the process before, and a published model's bytes must not
 * depend on that.
 */
import { tf, type tfTypes } from '../../tensorflow.ts';

export type Symbolic = tfTypes.SymbolicTensor;
type Initializer = ReturnType<typeof tf.initializers.zeros>;

/** Gives each layer an initializer with a seed of its own. */
export interface Initializers {
  /**
   * He normal (He et al. 2015, "Delving deep into rectifiers", equation 10): keeps the variance
   * through a layer that relu follows.
   */
  he(): Initializer;
  /** Glorot uniform (Glorot and Bengio 2010, equation 16): for the class scores, without relu. */
  glorot(): Initializer;
}

export function initializers(seed: number): Initializers {
  let layers = 0;
  // Networks have far fewer than 1,000 layers, so the seeds of two networks do not meet.
  const next = () => ({ seed: seed * 1000 + layers++ });
  return {
    he: () => tf.initializers.heNormal(next()),
    glorot: () => tf.initializers.glorotUniform(next()),
  };
}

/** Applies a layer to one symbolic tensor. */
export function apply(layer: tfTypes.layers.Layer, x: Symbolic): Symbolic {
  // A layer gives a symbolic tensor for a symbolic tensor; its type does not say so.
  return layer.apply(x) as Symbolic;
}

/** A 3×3 or 1×1 convolution that batch norm follows: so it has no bias. */
export function convolution(
  x: Symbolic,
  name: string,
  init: Initializers,
  options: { readonly filters: number; readonly kernelSize?: number; readonly strides?: number },
): Symbolic {
  const { filters, kernelSize = 3, strides = 1 } = options;
  const kernelInitializer = init.he();
  return apply(
    tf.layers.conv2d({
      name,
      filters,
      kernelSize,
      strides,
      padding: 'same',
      useBias: false,
      kernelInitializer,
    }),
    x,
  );
}

/**
 * Batch norm (Ioffe and Szegedy 2015). Its moving averages follow in about 20 steps: the default of
 * tfjs, a momentum of 0.99, would not have arrived after a warm-up on a few hundred labels.
 */
export function batchNorm(x: Symbolic, name: string): Symbolic {
  return apply(tf.layers.batchNormalization({ name, momentum: 0.9 }), x);
}

export function relu(x: Symbolic, name: string): Symbolic {
  return apply(tf.layers.activation({ name, activation: 'relu' }), x);
}

/** The last layer: logits, one a class. */
export function classScores(x: Symbolic, classes: number, init: Initializers): Symbolic {
  const kernelInitializer = init.glorot();
  return apply(tf.layers.dense({ name: 'classes', units: classes, kernelInitializer }), x);
}
