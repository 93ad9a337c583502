/**
 * Operations of a student, from raw examples to probabilities, independent of any file format.
 * Values have their channels last, as in TensorFlow. Shapes are those of one example.
 */
import type { MissingNumbers } from '../../data/features/row-values.ts';
import type { WindowPadding } from './padding.ts';

/** Result of an operation, or an input. */
export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A constant of a network. */
export interface LayerWeight {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

/** Height and width, in pixels. */
export type Extent = readonly [height: number, width: number];

/** A window that slides over an image. */
export interface SlidingWindow {
  readonly size: Extent;
  readonly strides: Extent;
  readonly dilations: Extent;
  readonly padding: WindowPadding;
}

/** Functions of single numbers; softmax is over the last axis. */
export const activations = [
  ...['relu', 'relu6', 'sigmoid', 'tanh', 'softmax', 'elu', 'selu', 'softplus', 'softsign'],
  'swish',
] as const;
export type Activation = (typeof activations)[number];

/** A step of the computation; further operations need no more than a case in every writer. */
export type Step =
  /** Pixels, uint8, to floats. */
  | { readonly kind: 'pixels'; readonly reversesChannels: boolean }
  /** A column of numbers to [standardized value, or 0; 1 if missing]. */
  | ({ readonly kind: 'number'; readonly mean: number; readonly std: number } & MissingNumbers)
  /** A column of texts to one number per value and one for all other texts. */
  | { readonly kind: 'category'; readonly spellings: readonly (readonly string[])[] }
  /** (x - mean) · factor + offset, per channel. */
  | {
      readonly kind: 'normalize';
      readonly mean: Float32Array;
      readonly factor: Float32Array;
      readonly offset: Float32Array;
    }
  | {
      readonly kind: 'convolution';
      /** [height, width, channels, filters]; depthwise: [height, width, channels, multiplier]. */
      readonly kernel: LayerWeight;
      readonly bias: LayerWeight | undefined;
      readonly isDepthwise: boolean;
      readonly window: SlidingWindow;
    }
  /** Average pooling ignores the padding. */
  | { readonly kind: 'pool'; readonly by: 'max' | 'mean'; readonly window: SlidingWindow }
  | { readonly kind: 'globalPool'; readonly by: 'max' | 'mean' }
  /** Zeros around an image: before and after, along height and width. */
  | { readonly kind: 'pad'; readonly sides: readonly [Extent, Extent] }
  /** kernel: [inputs, outputs]; isExact: it is never rounded. */
  | {
      readonly kind: 'dense';
      readonly kernel: LayerWeight;
      readonly bias: LayerWeight | undefined;
      readonly isExact?: true;
    }
  | { readonly kind: 'activation'; readonly by: Activation }
  | { readonly kind: 'leakyRelu'; readonly slope: number }
  | { readonly kind: 'sum' | 'product' }
  /** Joins values along their last axis. */
  | { readonly kind: 'concatenate' }
  | { readonly kind: 'reshape' };

/** A step with its inputs and its result. */
export interface Operation {
  readonly step: Step;
  readonly inputs: readonly Value[];
  readonly output: Value;
}

/** An input of the exported model. */
export interface RawInput {
  readonly value: Value;
  readonly type: 'uint8' | 'float32' | 'float64' | 'string';
  /** Sentence for readers on what to give. */
  readonly description: string;
}

/** A student with its preprocessing. */
export interface Program {
  readonly inputs: readonly RawInput[];
  readonly operations: readonly Operation[];
  readonly output: Value;
}

/** Name of the output: probabilities of classes or labels, [n, classes]. */
export const outputName = 'probabilities';

/** A student that a format cannot express. Its message is a reason: "its layer … is …". */
export class NotExportable extends Error {
  override readonly name = 'NotExportable';
}

/** Collects operations, and gives their results names that occur once. */
export class OperationList {
  readonly operations: Operation[] = [];
  readonly #names = new Set([outputName]);

  /** Reserves the name of an input. @throws NotExportable if it is taken. */
  input(name: string, shape: readonly number[]): Value {
    if (this.#names.has(name)) {
      throw new NotExportable(`its input '${name}' has the name of another input or of the output`);
    }
    this.#names.add(name);
    return { name, shape };
  }

  /** Appends a step. @param shape Shape of its result. Default: that of its first input. */
  add(name: string, step: Step, inputs: readonly Value[], shape = inputs[0]!.shape): Value {
    const output = { name: this.#unique(name), shape };
    this.operations.push({ step, inputs, output });
    return output;
  }

  #unique(name: string): string {
    let free = name;
    for (let index = 1; this.#names.has(free); index++) free = `${name}_${index}`;
    this.#names.add(free);
    return free;
  }
}
