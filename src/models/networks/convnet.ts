import { tf, type tfTypes } from '../../tensorflow.ts';
import { apply, batchNorm, classScores, convolution, initializers, relu } from './layers.ts';

/**
 * [3×3 convolution, max pool 2, batch norm, relu] × depth, then the class scores. Filters double at
 * each next convolution.
 *
 * Pooling comes before batch norm and relu, which then work on a quarter of the numbers; relu does
 * not mind, since it never changes which of four numbers is the largest.
 *
 * @param inputShape [height, width, channels].
 */
export function convnet(
  { width, depth }: { readonly width: number; readonly depth: number },
  inputShape: readonly number[],
  classes: number,
  seed: number,
): tfTypes.LayersModel {
  const init = initializers(seed);
  const input = tf.input({ shape: [...inputShape], name: 'input' });
  let x = input;
  for (let block = 1; block <= depth; block++) {
    x = convolution(x, `conv${block}`, init, { filters: width * 2 ** (block - 1) });
    // 'same', so that an image that is down to one pixel stays one.
    const pool = tf.layers.maxPooling2d({ name: `pool${block}`, poolSize: 2, padding: 'same' });
    x = apply(pool, x);
    x = relu(batchNorm(x, `norm${block}`), `relu${block}`);
  }
  x = apply(tf.layers.flatten({ name: 'flatten' }), x);
  return tf.model({ name: 'convnet', inputs: input, outputs: classScores(x, classes, init) });
}
