import { tf, type tfTypes } from '../../tensorflow.ts';
import { apply, classScores, initializers } from './layers.ts';

/** [dense, relu] × depth, then the class scores. An image is flattened first. */
export function mlp(
  { width, depth }: { readonly width: number; readonly depth: number },
  inputShape: readonly number[],
  classes: number,
  seed: number,
): tfTypes.LayersModel {
  const init = initializers(seed);
  const input = tf.input({ shape: [...inputShape], name: 'input' });
  let x = inputShape.length > 1 ? apply(tf.layers.flatten({ name: 'flatten' }), input) : input;
  for (let layer = 1; layer <= depth; layer++) {
    const kernelInitializer = init.he();
    x = apply(
      tf.layers.dense({
        name: `dense${layer}`,
        units: width,
        activation: 'relu',
        kernelInitializer,
      }),
      x,
    );
  }
  return tf.model({ name: 'mlp', inputs: input, outputs: classScores(x, classes, init) });
}
