import type { ImageFeatures, PixelSettings } from '../../data/features/image-features.ts';
import type { CardFacts, StudentUsageOf } from './facts.ts';
import { answerLines, hasOnnx, sessionLines, tfjsLines, tfjsPackages } from './snippets.ts';

/** Usage of a student of images, with or without an encoder. */
export const imageUsage: StudentUsageOf<'image'> = (features, facts) => {
  const pixels = facts.encoder?.features ?? features;
  return {
    input: inputLines(pixels),
    imports: ["import { readFile } from 'node:fs/promises';"],
    example: "await readFile('example.png')",
    python: hasOnnx(facts) ? pythonLines(pixels, facts) : undefined,
    packages: ['onnxruntime', 'numpy', 'pillow'],
    browser: facts.encoder || pixels.pixels ? undefined : browserLines(pixels),
    browserPackages: tfjsPackages,
  };
};

function inputLines({ height, width, channels, mean, std, pixels }: ImageFeatures): string[] {
  const {
    fit = 'stretch',
    filter = 'lanczos',
    orientation = 'upright',
    channelOrder = 'RGB',
  } = pixels ?? {};
  return [
    `An image becomes ${height} × ${width} pixels, ${channels === 1 ? 'grey' : channelOrder}. Fit: ${fit}; filter: ${filter}.`,
    orientation === 'upright'
      ? 'It is turned upright first, as its EXIF data states.'
      : 'Its EXIF orientation is ignored.',
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
function encoderLines({ mean, std }: ImageFeatures): string[] {
  return [
    `    values = (pixels.astype(np.float32) / 255 - ${pythonList(mean)}) / ${pythonList(std)}`,
    '    port = session.get_inputs()[0]',
    '    if port.shape[1] == values.shape[2]:',
    '        values = values.transpose(2, 0, 1)',
    ...answerLines('{port.name: values[None].astype(np.float32)}'),
  ];
}

function pythonList(values: readonly number[]): string {
  return `np.array([${values.join(', ')}])`;
}

function browserLines({ height, width, channels, mean, std }: ImageFeatures): string[] {
  const shape = `[1, ${height}, ${width}, ${channels}]`;
  return tfjsLines([
    'function normalized(pixel, mean, std) {',
    '  return (pixel / 255 - mean) / std;',
    '}',
    '',
    '/** @param image An <img>, or another source that a canvas can draw. */',
    'export async function predict(image) {',
    `  const canvas = new OffscreenCanvas(${width}, ${height});`,
    '  // Without alpha, transparent pixels are black.',
    "  const context = canvas.getContext('2d', { alpha: false });",
    "  context.imageSmoothingQuality = 'high';",
    `  context.drawImage(image, 0, 0, ${width}, ${height});`,
    `  const { data } = context.getImageData(0, 0, ${width}, ${height});`,
    `  const pixels = new Float32Array(${height * width * channels});`,
    `  for (let i = 0; i < ${height * width}; i++) {`,
    '    const [red, green, blue] = data.subarray(4 * i);',
    ...(channels === 1
      ? [
          `    pixels[i] = normalized(0.299 * red + 0.587 * green + 0.114 * blue, ${mean[0]}, ${std[0]});`,
        ]
      : ['red', 'green', 'blue'].map(
          (color, c) => `    pixels[3 * i + ${c}] = normalized(${color}, ${mean[c]}, ${std[c]});`,
        )),
    '  }',
    `  const input = tf.tensor(pixels, ${shape});`,
  ]);
}
