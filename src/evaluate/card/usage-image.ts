import type { ImageFeatures, PixelSettings } from '../../data/features/image-features.ts';
import type { CardFacts, CardProgram, StudentUsageOf } from './facts.ts';
import { imageBrowser, noImageBrowser, pixelLines } from './image-browser.ts';
import {
  answerLines,
  onnxModule,
  onnxProgram,
  onnxWebPackage,
  sessionLines,
  tfjsLines,
  tfjsPackages,
} from './snippets.ts';

/** Usage of a student of images, with or without an encoder. */
export const imageUsage: StudentUsageOf<'image'> = (features, facts) => {
  const pixels = facts.encoder?.features ?? features;
  return {
    input: inputLines(pixels),
    imports: ["import { readFile } from 'node:fs/promises';"],
    example: "await readFile('example.png')",
    python: onnxProgram(facts, ['onnxruntime', 'numpy', 'pillow'], () =>
      pythonLines(pixels, facts),
    ),
    browser: browserOf(pixels, facts),
  };
};

function browserOf(pixels: ImageFeatures, facts: CardFacts): CardProgram {
  const none = noImageBrowser(pixels);
  if (none !== undefined) return { none };
  return facts.encoder
    ? onnxProgram(facts, [onnxWebPackage], () => encoderBrowser(pixels))
    : { packages: tfjsPackages, lines: studentBrowser(pixels) };
}

function inputLines({ height, width, channels, mean, std, pixels }: ImageFeatures): string[] {
  const {
    fit = 'stretch',
    filter = 'lanczos',
    orientation = 'upright',
    channelOrder = 'RGB',
    colors = 'srgb',
  } = pixels ?? {};
  return [
    `An image becomes ${height} × ${width} pixels, ${channels === 1 ? 'grey' : channelOrder}. Fit: ${fit}; filter: ${filter}.`,
    orientation === 'upright'
      ? 'It is turned upright first, as its EXIF data states.'
      : 'Its EXIF orientation is ignored.',
    colors === 'stored'
      ? 'Its colours are used as they are stored, without colour profile and transparency.'
      : 'Its colours are converted to sRGB, with transparent pixels on black. A browser may differ by 1 of 255 where a pixel is partly transparent, and converts colour profiles in its own way.',
    ...(pixels
      ? []
      : [
          'The programs for Python and browsers resize with the Lanczos filter of Pillow, and Node with that of libvips. Small and noisy images can differ much, and answers with them, unless an image has the size above. With `task.preprocess` in `distill.yaml`, the pixels are the same everywhere.',
        ]),
    `Each pixel from 0 to 255 becomes (pixel / 255 − mean) / std, with the mean ${numbers(mean)} and the std ${numbers(std)} of the channels.`,
  ];
}

function numbers(values: readonly number[]): string {
  return values.map((value) => Number(value.toPrecision(4))).join(', ');
}

/** Pillow's names of the filters; undefined if it has none. */
const pillowFilters: Readonly<Record<PixelSettings['filter'], string | undefined>> = {
  lanczos: 'LANCZOS',
  bicubic: 'BICUBIC',
  bilinear: 'BILINEAR',
  'bilinear-no-antialias': undefined,
  nearest: 'NEAREST',
};

function pythonLines(features: ImageFeatures, { encoder }: CardFacts): string[] {
  const { height, width, channels, pixels } = features;
  const opened =
    pixels?.orientation === 'stored'
      ? 'Image.open(path)'
      : 'ImageOps.exif_transpose(Image.open(path))';
  // The file of a student without an encoder changes the order itself.
  const reversed = encoder && pixels?.channelOrder === 'BGR' ? '[:, :, ::-1]' : '';
  return [
    ...sessionLines(['import numpy as np', 'from PIL import Image, ImageOps']),
    '',
    ...(pillowFilters[pixels?.filter ?? 'lanczos'] ? [] : interpolateLines),
    'def predict(path):',
    `    image = ${opened}`,
    ...(pixels?.colors === 'stored' ? [] : onBlackLines),
    `    image = image.convert('${channels === 1 ? 'L' : 'RGB'}')`,
    ...fitLines(features),
    `    pixels = np.asarray(image, np.uint8).reshape(${height}, ${width}, ${channels})${reversed}`,
    ...(encoder ? encoderLines(features) : answerLines("{'image': pixels[None]}")),
    '',
    "print(predict('example.png'))",
  ];
}

/** Python that puts transparent pixels on black as libvips does; Pillow would round. */
const onBlackLines = [
  '    if image.has_transparency_data:',
  "        rgba = np.asarray(image.convert('RGBA'), np.uint16)",
  '        image = Image.fromarray((rgba[:, :, :3] * rgba[:, :, 3:] // 255).astype(np.uint8))',
];

/** Python of the filter that Pillow does not have. */
const interpolateLines = [
  'def interpolate(image, size):',
  '    """Interpolates between the four nearest pixels, also when shrinking."""',
  '    pixels = np.asarray(image, np.float64).reshape(image.height, image.width, -1)',
  '    def nearest(length, count):',
  '        position = (np.arange(count) + 0.5) * (length / count) - 0.5',
  '        low = np.floor(position).astype(int)',
  '        return low.clip(0, length - 1), (low + 1).clip(0, length - 1), position - low',
  '    left, right, across = nearest(image.width, size[0])',
  '    top, bottom, down = nearest(image.height, size[1])',
  '    pixels = pixels[:, left] + (pixels[:, right] - pixels[:, left]) * across[:, None]',
  '    pixels = pixels[top] + (pixels[bottom] - pixels[top]) * down[:, None, None]',
  '    pixels = np.floor(pixels + 0.5).astype(np.uint8)',
  '    return Image.fromarray(pixels if pixels.shape[2] > 1 else pixels[:, :, 0])',
  '',
];

/** Returns Python that fits an image to the size of the student. */
function fitLines({ height, width, pixels }: ImageFeatures): string[] {
  const name = pillowFilters[pixels?.filter ?? 'lanczos'];
  const filter = `Image.Resampling.${name}`;
  const { fit = 'stretch', resized = { height, width } } = pixels ?? {};
  const resize = (size: string) =>
    `    image = ${name ? `image.resize(${size}, ${filter})` : `interpolate(image, ${size})`}`;
  if (fit === 'pad' && name) {
    return [`    image = ImageOps.pad(image, (${width}, ${height}), ${filter})`];
  }
  if (fit === 'pad') {
    return [
      `    size = ImageOps.contain(image, (${width}, ${height}), Image.Resampling.NEAREST).size`,
      resize('size'),
      `    image = ImageOps.pad(image, (${width}, ${height}), Image.Resampling.NEAREST)`,
    ];
  }
  if (fit === 'stretch' && resized.height === height && resized.width === width) {
    return [resize(`(${width}, ${height})`)];
  }
  const size =
    fit === 'stretch'
      ? [`    size = (${resized.width}, ${resized.height})`]
      : [
          `    ratio = min(image.width / ${resized.width}, image.height / ${resized.height})`,
          // As `coveringSize`: torchvision cuts decimals off, and timm rounds.
          resized.width === resized.height
            ? '    size = (int(image.width / ratio + 1e-6), int(image.height / ratio + 1e-6))'
            : '    size = (round(image.width / ratio), round(image.height / ratio))',
        ];
  return [
    ...size,
    `    left, top = round((size[0] - ${width}) / 2), round((size[1] - ${height}) / 2)`,
    resize('size'),
    `    image = image.crop((left, top, left + ${width}, top + ${height}))`,
  ];
}

/** Returns Python that normalizes pixels for an encoder, whose ONNX file reads what it read. */
function encoderLines({ height, width, channels, mean, std }: ImageFeatures): string[] {
  return [
    `    values = (pixels.astype(np.float32) / 255 - ${pythonList(mean)}) / ${pythonList(std)}`,
    '    port = session.get_inputs()[0]',
    `    first = (${channels}, ${height}, ${width})`,
    '    if len(port.shape) == 3:',
    '        values = values[:, :, 0]',
    '    # Axes of any size have a name.',
    '    elif all(a == b or not isinstance(a, int) for a, b in zip(port.shape[1:], first)):',
    '        values = values.transpose(2, 0, 1)',
    ...answerLines('{port.name: values[None].astype(np.float32)}'),
  ];
}

function pythonList(values: readonly number[]): string {
  return `np.array([${values.join(', ')}])`;
}

/** Start of `predict` in a browser, up to the normalized `values`. */
function predictLines(features: ImageFeatures): string[] {
  return [
    '/** @param image A file (Blob), an <img>, or another source of createImageBitmap. */',
    'export async function predict(image) {',
    ...pixelLines(features),
  ];
}

function studentBrowser(features: ImageFeatures): string[] {
  const { height, width, channels } = features;
  return tfjsLines([
    ...imageBrowser(features),
    ...predictLines(features),
    `  const input = tf.tensor(values, [1, ${height}, ${width}, ${channels}]);`,
  ]);
}

/** Returns a module that gives the encoder pixels in the layout of its input. */
function encoderBrowser(features: ImageFeatures): string[] {
  const { height, width, channels } = features;
  const first = [1, channels, height, width];
  return onnxModule({
    before: [
      ...imageBrowser(features),
      'function withChannelsFirst(values) {',
      `  const size = ${height * width};`,
      `  return values.map((_, i) => values[(i % size) * ${channels} + Math.floor(i / size)]);`,
      '}',
      '',
    ],
    start: [
      ...predictLines(features),
      '  const [{ name, shape }] = session.inputMetadata;',
      `  const first = ${JSON.stringify(first)};`,
      '  // Axes of any size have a name.',
      "  const fits = (size, axis) => axis === 0 || typeof size === 'string' || size === first[axis];",
      '  const input = shape.length === 4 && shape.every(fits)',
      "    ? new Tensor('float32', withChannelsFirst(values), first)",
      `    : new Tensor('float32', values, [1, ${height}, ${width}, ${channels}].slice(0, shape.length));`,
      '  const feeds = { [name]: input };',
    ],
  });
}
