/**
 * Lines of JavaScript that decode an image and fit it to the pixels of a student. They resize as
 * `data/features/image-resample.ts` does, because a canvas has other filters than Pillow.
 */
import type { ImageFeatures, PixelSettings } from '../../data/features/image-features.ts';

/**
 * Returns the functions that `pixelLines` calls.
 * @throws Error for stored orientations, which `noImageBrowser` explains.
 */
export function imageBrowser(features: ImageFeatures): string[] {
  const { pixels } = features;
  if (noImageBrowser(features)) throw new Error('no browser reads these images');
  const filter = pixels?.filter ?? 'lanczos';
  return [
    ...decodeLines(features),
    '',
    ...(filter === 'nearest'
      ? nearestLines(features)
      : filter === 'bilinear-no-antialias'
        ? interpolateLines(features)
        : antialiasLines(features, filter)),
    '',
    ...fitLines(features),
    '',
  ];
}

/** States why browsers cannot read images as the student does; undefined if they can. */
export function noImageBrowser({ pixels }: ImageFeatures): string | undefined {
  return pixels?.orientation === 'stored'
    ? 'browsers turn an image as its EXIF data states, and this student must see it as it is stored'
    : undefined;
}

/** Returns lines that make `values`, [height, width, channels] in one list, from `image`. */
export function pixelLines({ mean, std, channels }: ImageFeatures): string[] {
  return [
    '  const pixels = fitted(await decoded(image));',
    `  const [mean, std] = [${JSON.stringify(mean)}, ${JSON.stringify(std)}];`,
    '  const values = Float32Array.from(pixels.data, (pixel, i) => {',
    `    const channel = i % ${channels};`,
    '    return (pixel / 255 - mean[channel]) / std[channel];',
    '  });',
  ];
}

function decodeLines({ channels, pixels }: ImageFeatures): string[] {
  const isStored = pixels?.colors === 'stored';
  const order = pixels?.channelOrder === 'BGR' ? [2, 1, 0] : [0, 1, 2];
  return [
    'async function decoded(image) {',
    `  const bitmap = await createImageBitmap(image, { colorSpaceConversion: '${isStored ? 'none' : 'default'}' });`,
    '  const { height, width } = bitmap;',
    '  const canvas = new OffscreenCanvas(width, height);',
    ...(isStored ? [] : ['  // Without alpha, transparent pixels are black.']),
    `  const context = canvas.getContext('2d', { alpha: ${isStored}, willReadFrequently: true });`,
    '  context.drawImage(bitmap, 0, 0);',
    '  bitmap.close();',
    '  const rgba = context.getImageData(0, 0, width, height).data;',
    ...(isStored
      ? [
          '  if (rgba.some((value, i) => i % 4 === 3 && value < 255)) {',
          "    throw new Error('a canvas does not keep the colours of transparent pixels');",
          '  }',
        ]
      : []),
    `  const data = new Uint8Array(${times(channels)}width * height);`,
    ...(channels === 1
      ? [
          '  for (let i = 0; i < data.length; i++) {',
          '    const [red, green, blue] = [rgba[4 * i], rgba[4 * i + 1], rgba[4 * i + 2]];',
          '    data[i] = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;',
          '  }',
        ]
      : [
          `  const order = [${order.join(', ')}];`,
          '  for (let i = 0; i < data.length; i++) {',
          '    data[i] = rgba[4 * Math.floor(i / 3) + order[i % 3]];',
          '  }',
        ]),
    '  return { data, height, width };',
    '}',
  ];
}

/** Returns a factor and a sign; nothing for 1. */
function times(channels: number): string {
  return channels === 1 ? '' : `${channels} * `;
}

/** Kernels in JavaScript, by filter, and the distance at which they are 0. */
const kernels = {
  lanczos: [
    3,
    [
      'const sinc = (x) => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));',
      'const kernel = (x) => (-3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0);',
    ],
  ],
  bicubic: [
    2,
    [
      'function kernel(distance) {',
      '  const x = Math.abs(distance);',
      '  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;',
      '  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;',
      '}',
    ],
  ],
  bilinear: [1, ['const kernel = (x) => Math.max(0, 1 - Math.abs(x));']],
} as const satisfies Partial<Record<PixelSettings['filter'], unknown>>;

/** JavaScript of Pillow's resize: weights of 22 fractional bits, a byte between the passes. */
function antialiasLines({ channels }: ImageFeatures, filter: keyof typeof kernels): string[] {
  const [support, kernel] = kernels[filter];
  const at = channels === 1 ? '' : ` * ${channels} + c`;
  return [
    ...kernel,
    '',
    'function weightsOf(from, to) {',
    '  const [scale, stretch] = [from / to, Math.max(from / to, 1)];',
    `  const support = ${support} * stretch;`,
    '  return Array.from({ length: to }, (_, index) => {',
    '    const center = (index + 0.5) * scale;',
    '    const start = Math.max(0, Math.trunc(center - support + 0.5));',
    '    const end = Math.min(from, Math.trunc(center + support + 0.5));',
    '    const weigh = (_, i) => kernel((i + start - center + 0.5) * (1 / stretch));',
    '    const exact = Array.from({ length: end - start }, weigh);',
    '    const total = exact.reduce((sum, weight) => sum + weight, 0);',
    '    const fixed = exact.map((weight) => (weight / total) * 2 ** 22);',
    '    return { start, weights: fixed.map((x) => Math.trunc(x + (x < 0 ? -0.5 : 0.5))) };',
    '  });',
    '}',
    '',
    'function withWidth({ data, height, width }, to) {',
    `  const result = new Uint8ClampedArray(${times(channels)}height * to);`,
    '  for (const [column, { start, weights }] of weightsOf(width, to).entries()) {',
    '    for (let row = 0; row < height; row++) {',
    ...indented(overChannels(channels), [
      '      let sum = 2 ** 21;',
      '      for (let i = 0; i < weights.length; i++) {',
      `        sum += data[(row * width + start + i)${at}] * weights[i];`,
      '      }',
      `      result[(row * to + column)${at}] = sum >> 22;`,
    ]),
    '    }',
    '  }',
    '  return { data: result, height, width: to };',
    '}',
    '',
    'function turned({ data, height, width }) {',
    '  const result = new Uint8ClampedArray(data.length);',
    '  for (let row = 0; row < height; row++) {',
    '    for (let column = 0; column < width; column++) {',
    ...indented(overChannels(channels), [
      `      result[(column * height + row)${at}] = data[(row * width + column)${at}];`,
    ]),
    '    }',
    '  }',
    '  return { data: result, height: width, width: height };',
    '}',
    '',
    'function resized(image, height, width) {',
    '  const withHeight = (each) => turned(withWidth(turned(each), height));',
    '  const [rows, columns] = [image.height - height, image.width - width];',
    '  return rows > 0 && rows > 2 * columns',
    '    ? withWidth(withHeight(image), width)',
    '    : withHeight(withWidth(image, width));',
    '}',
  ];
}

/** Returns the loop over channels; undefined for one channel. */
function overChannels(channels: number): string | undefined {
  return channels === 1 ? undefined : `      for (let c = 0; c < ${channels}; c++) {`;
}

/** Puts lines into a loop; returns them as they are without a loop. */
function indented(loop: string | undefined, lines: readonly string[]): readonly string[] {
  return loop === undefined ? lines : [loop, ...lines.map((line) => `  ${line}`), '      }'];
}

/** JavaScript of Pillow's nearest filter, which adds up steps. */
function nearestLines({ channels }: ImageFeatures): string[] {
  return [
    'function centersOf(from, to) {',
    '  let center = (from / to) * 0.5;',
    '  return Array.from({ length: to }, () => {',
    '    const index = Math.min(from - 1, Math.trunc(center));',
    '    center += from / to;',
    '    return index;',
    '  });',
    '}',
    '',
    'function resized(image, height, width) {',
    '  const columns = centersOf(image.width, width);',
    '  const data = centersOf(image.height, height).flatMap((row) =>',
    '    columns.flatMap((column) => {',
    `      const at = ${times(channels)}(row * image.width + column);`,
    `      return [...image.data.subarray(at, at + ${channels})];`,
    '    }),',
    '  );',
    '  return { data: Uint8Array.from(data), height, width };',
    '}',
  ];
}

/** JavaScript that interpolates between the four nearest pixels, also when shrinking. */
function interpolateLines({ channels }: ImageFeatures): string[] {
  const at = channels === 1 ? '' : ` * ${channels} + c`;
  return [
    'function neighborsOf(from, to) {',
    '  return Array.from({ length: to }, (_, index) => {',
    '    const position = (index + 0.5) * (from / to) - 0.5;',
    '    const low = Math.floor(position);',
    '    const inside = (pixel) => Math.min(Math.max(pixel, 0), from - 1);',
    '    return { low: inside(low), high: inside(low + 1), share: position - low };',
    '  });',
    '}',
    '',
    'function resized(image, height, width) {',
    `  const data = new Uint8Array(${times(channels)}height * width);`,
    '  const columns = neighborsOf(image.width, width);',
    '  for (const [row, { low: top, high: bottom, share: down }] of neighborsOf(image.height, height).entries()) {',
    '    for (const [column, { low: left, high: right, share: across }] of columns.entries()) {',
    ...indented(overChannels(channels), [
      `      const at = (y, x) => image.data[(y * image.width + x)${at}];`,
      '      const above = at(top, left) + (at(top, right) - at(top, left)) * across;',
      '      const below = at(bottom, left) + (at(bottom, right) - at(bottom, left)) * across;',
      `      data[(row * width + column)${at}] = Math.round(above + (below - above) * down);`,
    ]),
    '    }',
    '  }',
    '  return { data, height, width };',
    '}',
  ];
}

/** JavaScript that fits an image to the size of the student; see `data/features/image-fit.ts`. */
function fitLines({ height, width, channels, pixels }: ImageFeatures): string[] {
  const { fit = 'stretch', resized = { height, width } } = pixels ?? {};
  if (fit === 'stretch' && resized.height === height && resized.width === width) {
    return [`const fitted = (image) => resized(image, ${height}, ${width});`];
  }
  return [
    ...roundLines,
    'function fitted(image) {',
    ...sizeLines[fit](resized),
    '  const { data } = resized(image, rows, columns);',
    `  const [top, left] = [roundToEven((rows - ${height}) / 2), roundToEven((columns - ${width}) / 2)];`,
    '  // Pixels outside are black.',
    `  const result = new Uint8Array(${height * width * channels});`,
    `  for (let y = Math.max(0, -top); y < Math.min(${height}, rows - top); y++) {`,
    `    for (let x = Math.max(0, -left); x < Math.min(${width}, columns - left); x++) {`,
    `      const from = ${times(channels)}((top + y) * columns + left + x);`,
    `      result.set(data.subarray(from, from + ${channels}), ${times(channels)}(y * ${width} + x));`,
    '    }',
    '  }',
    '  return { data: result };',
    '}',
  ];
}

const roundLines = [
  'function roundToEven(number) {',
  '  const low = Math.floor(number);',
  '  const rest = number - low;',
  '  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;',
  '}',
  '',
];

/** JavaScript that computes `rows` and `columns` of the resized image, by the way to fit it. */
const sizeLines: Readonly<
  Record<PixelSettings['fit'], (to: PixelSettings['resized']) => readonly string[]>
> = {
  stretch: ({ height, width }) => [`  const [rows, columns] = [${height}, ${width}];`],
  'shortest-side-then-center-crop': ({ height, width }) =>
    height === width
      ? [
          '  const isHigh = image.width <= image.height;',
          '  const [long, short] = isHigh ? [image.height, image.width] : [image.width, image.height];',
          `  const longest = Math.trunc((${height} * long) / short);`,
          `  const [rows, columns] = isHigh ? [longest, ${height}] : [${height}, longest];`,
        ]
      : [
          `  const ratio = Math.min(image.height / ${height}, image.width / ${width});`,
          '  const [rows, columns] = [image.height, image.width].map((size) => roundToEven(size / ratio));',
        ],
  pad: ({ height, width }) => [
    '  const aspect = image.width / image.height;',
    `  const isWide = aspect > ${width} / ${height};`,
    `  const rows = isWide ? Math.max(1, roundToEven((image.height / image.width) * ${width})) : ${height};`,
    `  const columns = aspect < ${width} / ${height} ? Math.max(1, roundToEven(aspect * ${height})) : ${width};`,
  ],
};
