import { applyLayer, type DenseLayer } from '../../models/ngrams/model.ts';

/** The gradients of a layer's weights. */
export interface LayerGradients {
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/** The outputs of the layers for n rows: of the hidden layer after its ReLU, and the logits. */
export function forward(
  layers: readonly DenseLayer[],
  means: Float64Array,
  n: number,
): Float64Array[] {
  const outputs: Float64Array[] = [];
  for (const layer of layers) {
    const target = new Float64Array(n * layer.outputs);
    applyLayer(layer, outputs.at(-1) ?? means, n, target);
    if (layer.name === 'hidden') {
      for (let i = 0; i < target.length; i++) if (target[i]! < 0) target[i] = 0;
    }
    outputs.push(target);
  }
  return outputs;
}

/**
 * Computes the gradients of a layer's weights, and of its inputs.
 * @param inputs [n, inputs]
 * @param gradients of its outputs, [n, outputs].
 * @param isRectified Whether the inputs are those of a ReLU: an input of 0 then has no gradient.
 */
export function backward(
  { inputs: width, outputs, kernel }: DenseLayer,
  inputs: Float64Array,
  gradients: Float64Array,
  n: number,
  isRectified: boolean,
): LayerGradients & { readonly inputs: Float64Array } {
  const kernelSums = new Float64Array(kernel.length);
  const biasSums = new Float64Array(outputs);
  const inputGradients = new Float64Array(n * width);
  for (let row = 0; row < n; row++) {
    const from = row * outputs;
    for (let o = 0; o < outputs; o++) biasSums[o]! += gradients[from + o]!;
    for (let i = 0; i < width; i++) {
      const value = inputs[row * width + i]!;
      let sum = 0;
      for (let o = 0; o < outputs; o++) {
        const gradient = gradients[from + o]!;
        kernelSums[i * outputs + o]! += value * gradient;
        sum += kernel[i * outputs + o]! * gradient;
      }
      inputGradients[row * width + i] = isRectified && value === 0 ? 0 : sum;
    }
  }
  return {
    kernel: Float32Array.from(kernelSums),
    bias: Float32Array.from(biasSums),
    inputs: inputGradients,
  };
}
