import type { Content } from '../example.ts';
import type { ImageSize } from './image-decode.ts';
import type { TaskSurvey } from './kind.ts';

/** Number of images whose size is read. */
const sampleImages = 64;

/**
 * Maximum height and width that is suggested, in pixels: built-in students are for small images.
 */
const maxEdge = 96;

interface ImageFields {
  readonly size: [height: number, width: number];
  readonly channels: 1 | 3;
}

/**
 * Suggests the size of the median image, scaled down to `maxEdge`, and grey if all images are grey.
 * Leaves out images that cannot be decoded: the run will quarantine them.
 */
export function surveyImages(): TaskSurvey<ImageFields> {
  const sizes: ImageSize[] = [];
  return {
    async add(content: Content) {
      if (content.kind !== 'image' || sizes.length >= sampleImages) return;
      const { readImageSize } = await import('./image-decode.ts');
      const size = await readImageSize(content.bytes);
      if (size) sizes.push(size);
    },
    fields() {
      const sorted = [...sizes].sort((a, b) => a.height * a.width - b.height * b.width);
      const { height, width } = sorted[Math.floor(sorted.length / 2)] ?? { height: 32, width: 32 };
      const scale = Math.min(1, maxEdge / Math.max(height, width));
      const scaled = (edge: number) => Math.max(1, Math.round(edge * scale));
      const grey = sizes.length > 0 && sizes.every((size) => size.grey);
      return { size: [scaled(height), scaled(width)], channels: grey ? 1 : 3 };
    },
  };
}
