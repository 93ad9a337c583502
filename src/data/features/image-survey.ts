import type { Content } from '../example.ts';
import type { ImageHeader } from './image-header.ts';
import type { TaskSurvey } from './kind.ts';

/** Number of images whose header is read. */
const sampleImages = 64;

/**
 * Maximum height and width that is suggested, in pixels: built-in students are for small images.
 */
const maxEdge = 96;

interface ImageFields {
  readonly size: [height: number, width: number];
  readonly channels: 1 | 3;
}

/** The headers of the first images. */
export interface ImageSurvey extends TaskSurvey<ImageFields> {
  readonly headers: readonly ImageHeader[];
  /** Returns whether `add` ignores further images. */
  isFull(): boolean;
}

/**
 * Suggests the size of the median image, scaled down to `maxEdge`, and grey if all images are grey.
 * Leaves out images that cannot be decoded: the run will quarantine them.
 */
export function surveyImages(): ImageSurvey {
  const headers: ImageHeader[] = [];
  const isFull = () => headers.length >= sampleImages;
  return {
    headers,
    isFull,
    async add(content: Content) {
      if (content.kind !== 'image' || isFull()) return;
      const { readImageHeader } = await import('./image-header.ts');
      const header = await readImageHeader(content.bytes);
      if (header) headers.push(header);
    },
    fields() {
      const sorted = [...headers].sort((a, b) => a.height * a.width - b.height * b.width);
      const { height, width } = sorted[Math.floor(sorted.length / 2)] ?? { height: 32, width: 32 };
      const scale = Math.min(1, maxEdge / Math.max(height, width));
      const scaled = (edge: number) => Math.max(1, Math.round(edge * scale));
      const grey = headers.length > 0 && headers.every((header) => header.grey);
      return { size: [scaled(height), scaled(width)], channels: grey ? 1 : 3 };
    },
  };
}
