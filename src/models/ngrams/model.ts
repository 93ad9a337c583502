/**
 * The architecture `ngrams`, in the manner of fastText (Joulin et al. 2017, "Bag of tricks for
 * efficient text classification"; Bojanowski et al. 2017, "Enriching word vectors with subword
 * information"): the mean of the vectors of a text's n-grams, then a linear layer, or two with a
 * ReLU between them. It needs no TensorFlow.
 */
import { type Rows, textsOf } from '../../data/features/kind.ts';
import { randomFor } from '../../data/random.ts';
import { classSums } from '../../debias/decisions.ts';
import { Embeddings } from './embeddings.ts';
import { TextMeans } from './means.ts';
import { NgramReader, type NgramsOptions } from './reader.ts';

/** Sizes of a model, besides its classes. */
export interface NgramsShape extends NgramsOptions {
  /** Length of the vector of an n-gram. */
  readonly dimension: number;
  /** Units of the hidden layer; 0 for none. */
  readonly hidden: number;
}

/** A dense layer. */
export interface DenseLayer {
  readonly name: 'hidden' | 'scores';
  readonly inputs: number;
  readonly outputs: number;
  /** [inputs, outputs] */
  readonly kernel: Float32Array;
  /** [outputs] */
  readonly bias: Float32Array;
}

/** The meaning of a model's outputs. */
export interface NgramsOutputs {
  /** Default: 1. */
  readonly subclasses?: number;
  /** Default: false. */
  readonly isMultiLabel?: boolean;
}

export class NgramsModel {
  readonly shape: NgramsShape;
  readonly embeddings: Embeddings;
  /** The hidden layer, if there is one, and the scores. */
  readonly layers: readonly DenseLayer[];
  /** Number of outputs per class. */
  readonly subclasses: number;
  /** Whether an output is the logit of a label alone, not of a class among others. */
  readonly isMultiLabel: boolean;
  readonly #reader: NgramReader;
  readonly #means = new TextMeans();

  constructor(
    shape: NgramsShape,
    layers: readonly DenseLayer[],
    { subclasses = 1, isMultiLabel = false }: NgramsOutputs = {},
  ) {
    this.shape = shape;
    this.layers = layers;
    this.subclasses = subclasses;
    this.isMultiLabel = isMultiLabel;
    this.embeddings = new Embeddings(shape.buckets, shape.dimension);
    this.#reader = new NgramReader(shape);
  }

  /** Returns the number of weights. */
  countParams(): number {
    const dense = this.layers.reduce(
      (sum, { kernel, bias }) => sum + kernel.length + bias.length,
      0,
    );
    return this.embeddings.count * this.shape.dimension + dense;
  }

  /** Computes the probabilities of classes or labels, [n, outputs]. */
  predict(rows: Rows): Float32Array {
    const { inputs, n } = this.#scoresInputs(rows);
    const layer = this.layers.at(-1)!;
    const logits = applyLayer(layer, inputs, n, new Float64Array(n * layer.outputs));
    if (this.isMultiLabel) return Float32Array.from(logits, sigmoid);
    return classSums(softmaxRows(logits, n, layer.outputs), this.subclasses);
  }

  /** Computes the inputs of the layer that scores the classes: [n, inputs]. */
  embed(rows: Rows): Float32Array {
    return Float32Array.from(this.#scoresInputs(rows).inputs);
  }

  #scoresInputs(rows: Rows): { readonly inputs: Float64Array; readonly n: number } {
    const bags = this.#reader.read(textsOf(rows));
    const { n } = rows;
    this.#means.compute(bags, this.embeddings, false);
    const means = this.#means.values.subarray(0, n * this.shape.dimension);
    if (this.layers.length === 1) return { inputs: means, n };
    const [hidden] = this.layers;
    const units = applyLayer(hidden!, means, n, new Float64Array(n * hidden!.outputs));
    return { inputs: units.map((value) => Math.max(value, 0)), n };
  }

  /**
   * Copies the model and splits each output into adjacent subclasses, each with the weights of its
   * class: [n, classes × subclasses].
   */
  split(subclasses: number): NgramsModel {
    const layers = this.layers.map((layer) =>
      layer.name === 'scores' ? repeatOutputs(layer, subclasses) : copyOf(layer),
    );
    const copy = new NgramsModel(this.shape, layers, { subclasses });
    const { count, buckets, values, dimension } = this.embeddings;
    for (let row = 0; row < count; row++) copy.embeddings.add(buckets[row]!);
    copy.embeddings.values.set(values.subarray(0, count * dimension));
    return copy;
  }

  /** Does nothing: all memory is JavaScript's. */
  dispose(): void {}
}

/** Creates an untrained model: vectors of zeros, and random layers (Glorot and Bengio 2010). */
export function createNgrams(
  shape: NgramsShape,
  classes: number,
  seed: number,
  isMultiLabel = false,
): NgramsModel {
  const sizes = [shape.dimension, ...(shape.hidden > 0 ? [shape.hidden] : []), classes];
  const layers = sizes.slice(1).map((outputs, index): DenseLayer => {
    const inputs = sizes[index]!;
    const random = randomFor(seed, index);
    const limit = Math.sqrt(6 / (inputs + outputs));
    const kernel = Float32Array.from(
      { length: inputs * outputs },
      () => (2 * random() - 1) * limit,
    );
    const isLast = index === sizes.length - 2;
    // A hidden unit must not be 0 at first, since all vectors are.
    const bias = new Float32Array(outputs).fill(isLast ? 0 : firstBias);
    return { name: isLast ? 'scores' : 'hidden', inputs, outputs, kernel, bias };
  });
  return new NgramsModel(shape, layers, { isMultiLabel });
}

const firstBias = 0.1;

function copyOf(layer: DenseLayer): DenseLayer {
  return { ...layer, kernel: layer.kernel.slice(), bias: layer.bias.slice() };
}

function repeatOutputs(layer: DenseLayer, times: number): DenseLayer {
  const repeat = (values: Float32Array) =>
    Float32Array.from({ length: values.length * times }, (_, i) => values[Math.floor(i / times)]!);
  return {
    ...layer,
    outputs: layer.outputs * times,
    kernel: repeat(layer.kernel),
    bias: repeat(layer.bias),
  };
}

/** Applies a layer to n rows. @param target [n, outputs], which receives the result. */
export function applyLayer(
  { inputs, outputs, kernel, bias }: DenseLayer,
  rows: Float64Array,
  n: number,
  target: Float64Array,
): Float64Array {
  for (let row = 0; row < n; row++) {
    const to = row * outputs;
    for (let o = 0; o < outputs; o++) target[to + o] = bias[o]!;
    for (let i = 0; i < inputs; i++) {
      const value = rows[row * inputs + i]!;
      const from = i * outputs;
      for (let o = 0; o < outputs; o++) target[to + o]! += value * kernel[from + o]!;
    }
  }
  return target;
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** Computes the softmax of n rows of logits. */
export function softmaxRows(logits: Float64Array, n: number, outputs: number): Float32Array {
  const probabilities = new Float32Array(n * outputs);
  for (let start = 0; start < n * outputs; start += outputs) {
    let most = Number.NEGATIVE_INFINITY;
    for (let o = 0; o < outputs; o++) most = Math.max(most, logits[start + o]!);
    let sum = 0;
    for (let o = 0; o < outputs; o++) sum += Math.exp(logits[start + o]! - most);
    for (let o = 0; o < outputs; o++) {
      probabilities[start + o] = Math.exp(logits[start + o]! - most) / sum;
    }
  }
  return probabilities;
}
