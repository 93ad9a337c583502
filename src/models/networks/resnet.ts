/**
 * The residual network for small images of He et al. 2015, "Deep residual learning for image
 * recognition", section 4.2: a convolution, three stages of n blocks with width, 2·width and
 * 4·width filters, global average pooling and the class scores: 6n + 2 layers.
 *
 * One difference: where the size changes, the shortcut is a 1×1 convolution (their option B), since
 * a LayersModel has no layer that pads channels with zeros (option A).
 */
import { tf, type tfTypes } from '../../tensorflow.ts';
import {
  apply,
  batchNorm,
  classScores,
  convolution,
  type Initializers,
  initializers,
  relu,
  type Symbolic,
} from './layers.ts';

/** @param inputShape [height, width, channels]. */
export function resnet(
  { width, depth }: { readonly width: number; readonly depth: number },
  inputShape: readonly number[],
  classes: number,
  seed: number,
): tfTypes.LayersModel {
  const init = initializers(seed);
  const input = tf.input({ shape: [...inputShape], name: 'input' });
  let x = relu(batchNorm(convolution(input, 'conv', init, { filters: width }), 'norm'), 'relu');
  for (let stage = 1; stage <= 3; stage++) {
    for (let place = 1; place <= (depth - 2) / 6; place++) {
      const strides = stage > 1 && place === 1 ? 2 : 1;
      x = block(x, `stage${stage}_block${place}`, init, width * 2 ** (stage - 1), strides);
    }
  }
  x = apply(tf.layers.globalAveragePooling2d({ name: 'pool' }), x);
  return tf.model({ name: 'resnet', inputs: input, outputs: classScores(x, classes, init) });
}

/** Two convolutions, and a shortcut past them. */
function block(
  x: Symbolic,
  name: string,
  init: Initializers,
  filters: number,
  strides: number,
): Symbolic {
  let y = convolution(x, `${name}_conv1`, init, { filters, strides });
  y = relu(batchNorm(y, `${name}_norm1`), `${name}_relu1`);
  y = batchNorm(convolution(y, `${name}_conv2`, init, { filters }), `${name}_norm2`);
  let shortcut = x;
  if (strides > 1) {
    shortcut = convolution(x, `${name}_shortcut`, init, { filters, strides, kernelSize: 1 });
    shortcut = batchNorm(shortcut, `${name}_shortcut_norm`);
  }
  // A merging layer gives one symbolic tensor; its type does not say so.
  const sum = tf.layers.add({ name: `${name}_add` }).apply([y, shortcut]) as Symbolic;
  return relu(sum, `${name}_relu2`);
}
