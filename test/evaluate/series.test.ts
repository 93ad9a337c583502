import { expect, test } from 'vitest';
import { seriesClass, seriesStyles } from '../../src/evaluate/series.ts';

type Triple = [number, number, number];
type Matrix = [Triple, Triple, Triple];

/** Linear RGB of `#rrggbb`. */
function linear(colour: string): Triple {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return [r!, g!, b!];
}

function times(matrix: Matrix, [x, y, z]: Triple): Triple {
  const [a, b, c] = matrix.map(([p, q, r]) => p * x + q * y + r * z);
  return [a!, b!, c!];
}

/** OKLab of linear RGB (Ottosson 2020). */
function oklab(rgb: Triple): Triple {
  const [l, m, s] = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    rgb,
  ).map(Math.cbrt);
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    [l!, m!, s!],
  );
}

/** Colour vision without one kind of cone (Machado, Oliveira and Fernandes 2009, severity 1). */
const visions: Record<string, Matrix> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function luminance(colour: string): number {
  const [r, g, b] = linear(colour);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test.each([
  ['light', '#fdfdfc'],
  ['dark', '#16181b'],
] as const)(
  'the colours of a %s page differ for every reader, and from the page',
  (page, paper) => {
    const colours = seriesStyles.map((style) => style[page]);
    for (const colour of colours) {
      const [low, high] = [luminance(colour), luminance(paper)].sort((a, b) => a - b);
      expect((high! + 0.05) / (low! + 0.05), colour).toBeGreaterThanOrEqual(3);
    }
    for (const [vision, matrix] of Object.entries(visions)) {
      const seen = colours.map((colour) => {
        const [r, g, b] = times(matrix, linear(colour)).map((x) => Math.min(Math.max(x, 0), 1));
        return oklab([r!, g!, b!]);
      });
      for (const [i, a] of seen.entries()) {
        for (const [j, b] of seen.slice(0, i).entries()) {
          const distance = Math.hypot(...a.map((x, axis) => x - b[axis]!));
          expect(distance, `${vision}: ${colours[i]}, ${colours[j]}`).toBeGreaterThanOrEqual(0.085);
        }
      }
    }
  },
);

test('ten series have styles of their own', () => {
  expect(new Set(Array.from({ length: 10 }, (_, series) => seriesClass(series))).size).toBe(10);
  expect(new Set(seriesStyles.map(({ dash }) => dash)).size).toBe(10);
});
