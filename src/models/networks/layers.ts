import type { Topology } from '../topology.ts';

type LayerJson = Topology['config']['layers'][number];

/**
 * Padding of a window that moves by more than one pixel. same: as little as possible, TensorFlow's.
 * symmetric: (kernelSize - 1) / 2 on each side, PyTorch's.
 */
export type Padding = 'same' | 'symmetric';

/** A square window that slides over an image. */
interface Window {
  /** Odd. Default: 3. */
  readonly kernelSize?: number;
  /** Default: 1. */
  readonly strides?: number;
  /** Default: same. */
  readonly padding?: Padding;
}

/**
 * Collects the layers of a built-in network as the JSON of a tfjs topology. Each method appends a
 * layer and returns its name, by which later layers take its output.
 *
 * All layers have fixed names. tfjs numbers unnamed layers per process, and the bytes of a
 * published model must not depend on that.
 *
 * @example
 * const layers = new LayerList([5], 1);
 * const hidden = layers.dense(layers.input, 'hidden', 16);
 * layers.model('small', layers.classScores(hidden, 3));
 */
export class LayerList {
  readonly input = 'input';
  private readonly layers: LayerJson[] = [];
  private initializers = 0;
  private readonly seed: number;

  /** @param inputShape Shape of one example, without the batch. */
  constructor(inputShape: readonly number[], seed: number) {
    this.seed = seed;
    this.add('InputLayer', this.input, { batch_input_shape: [null, ...inputShape] }, []);
  }

  /** A dense layer with relu. */
  dense(x: string, name: string, units: number): string {
    const config = { units, activation: 'relu', kernel_initializer: this.heNormal() };
    return this.add('Dense', name, config, [x]);
  }

  /** A convolution, without a bias because batch norm follows it. Default: 3×3. */
  convolution(x: string, name: string, window: Window & { readonly filters: number }): string {
    const { input, config } = this.window(x, name, window);
    const { filters } = window;
    const initializer = { kernel_initializer: this.heNormal() };
    return this.add('Conv2D', name, { filters, ...config, use_bias: false, ...initializer }, [
      input,
    ]);
  }

  /** A convolution of each channel alone, without a bias because batch norm follows it. */
  depthwise(x: string, name: string, window: Window): string {
    const { input, config } = this.window(x, name, window);
    // tfjs takes the fan-in of a kernel over all channels, and the fan-out over one.
    const he = this.initializer({ scale: 2, mode: 'fan_out', distribution: 'normal' });
    return this.add(
      'DepthwiseConv2D',
      name,
      { ...config, depth_multiplier: 1, use_bias: false, depthwise_initializer: he },
      [input],
    );
  }

  /**
   * Batch norm (Ioffe and Szegedy 2015). Its moving averages converge in about 20 steps, as in
   * PyTorch. With the default momentum of tfjs, 0.99, they would not converge in a warm-up on a few
   * hundred labels.
   *
   * @param epsilon Added to the variance.
   */
  batchNorm(x: string, name: string, epsilon = 1e-3): string {
    return this.add('BatchNormalization', name, { momentum: 0.9, epsilon }, [x]);
  }

  relu(x: string, name: string): string {
    return this.add('Activation', name, { activation: 'relu' }, [x]);
  }

  /** min(max(x, 0), 6). */
  relu6(x: string, name: string): string {
    return this.add('Activation', name, { activation: 'relu6' }, [x]);
  }

  /** Max pooling over 2×2. An image that is down to one pixel stays one. */
  maxPool(x: string, name: string): string {
    return this.add('MaxPooling2D', name, { pool_size: [2, 2], padding: 'same' }, [x]);
  }

  /**
   * Max pooling over overlapping squares, after relu: only then is a padding of zeros the same as
   * none.
   */
  overlappingMaxPool(x: string, name: string, window: Window): string {
    const { input, config } = this.window(x, name, window);
    const { kernel_size: pool_size, strides, padding } = config;
    return this.add('MaxPooling2D', name, { pool_size, strides, padding }, [input]);
  }

  /** The mean over squares of `size` pixels; those at the edges may be smaller. */
  averagePool(x: string, name: string, size: number): string {
    const config = { pool_size: [size, size], strides: [size, size], padding: 'same' };
    return this.add('AveragePooling2D', name, config, [x]);
  }

  globalAveragePool(x: string, name: string): string {
    return this.add('GlobalAveragePooling2D', name, {}, [x]);
  }

  /** Sets this share of the numbers to 0 while training. */
  dropout(x: string, name: string, rate: number): string {
    return this.add('Dropout', name, { rate }, [x]);
  }

  flatten(x: string): string {
    return this.add('Flatten', 'flatten', {}, [x]);
  }

  /** The sum of two outputs of one shape. */
  sum(x: string, y: string, name: string): string {
    return this.add('Add', name, {}, [x, y]);
  }

  /**
   * The last layer: one logit per class.
   *
   * @param start zeros: no weights, for a network of this layer alone, whose loss is convex.
   *   Default: random.
   */
  classScores(x: string, classes: number, start: 'random' | 'zeros' = 'random'): string {
    const kernel_initializer =
      start === 'zeros' ? { class_name: 'Zeros', config: {} } : this.glorot();
    return this.add('Dense', 'classes', { units: classes, kernel_initializer }, [x]);
  }

  /** Returns the topology of the network that ends in the layer `output`. */
  model(name: string, output: string): Topology {
    return {
      class_name: 'Model',
      config: {
        name,
        layers: this.layers,
        input_layers: [[this.input, 0, 0]],
        output_layers: [[output, 0, 0]],
      },
    };
  }

  /** Returns the config of a sliding window, and its input, which may be padded by a layer. */
  private window(x: string, name: string, { kernelSize = 3, strides = 1, padding }: Window) {
    const sizes = { kernel_size: [kernelSize, kernelSize], strides: [strides, strides] };
    const width = (kernelSize - 1) / 2;
    // With strides of 1, both paddings are the same.
    if (padding !== 'symmetric' || strides === 1 || width === 0) {
      return { input: x, config: { ...sizes, padding: 'same' } };
    }
    const sides = [width, width];
    const padded = this.add('ZeroPadding2D', `${name}_pad`, { padding: [sides, sides] }, [x]);
    return { input: padded, config: { ...sizes, padding: 'valid' } };
  }

  private add(kind: string, name: string, config: object, inputs: readonly string[]): string {
    this.layers.push({
      class_name: kind,
      name,
      config: { name, ...config },
      inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
    });
    return name;
  }

  /**
   * He normal (He et al. 2015, "Delving deep into rectifiers", equation 10): keeps the variance
   * through a layer that relu follows.
   */
  private heNormal() {
    return this.initializer({ scale: 2, mode: 'fan_in', distribution: 'normal' });
  }

  /** Glorot uniform (Glorot and Bengio 2010, equation 16): for the class scores, without relu. */
  private glorot() {
    return this.initializer({ scale: 1, mode: 'fan_avg', distribution: 'uniform' });
  }

  private initializer(config: object) {
    // Networks have far fewer than 1,000 layers, so no two networks share a layer's seed.
    const seed = this.seed * 1000 + this.initializers++;
    return { class_name: 'VarianceScaling', config: { ...config, seed } };
  }
}
