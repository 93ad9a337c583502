/** The content of the examples that people look at: in the report, or to label them. */
import { kindOf } from '../../data/features/index.ts';
import type { Preview, PreviewSize } from '../../data/features/preview.ts';
import { type Located, type Previews, previewKey } from '../../evaluate/report/previews.ts';
import type { Job } from '../../run/job.ts';
import { readLocated } from './located.ts';

/** Limits of a list of previews. */
export interface PreviewLimits {
  readonly size: PreviewSize;
  /** Maximum size of all previews. */
  readonly bytes: number;
}

/** Reads examples and keeps small previews of them. Examples beyond the limits have none. */
export async function readPreviews(
  job: Job,
  examples: readonly Located[],
  limits: PreviewLimits,
): Promise<Previews> {
  const previews = new Map<string, Preview>();
  let bytes = 0;
  for await (const { shard, example } of readLocated(job, examples)) {
    const preview = await kindOf(example.content).preview?.(example.content, limits.size);
    const size = preview === undefined ? 0 : sizeOf(preview);
    if (preview === undefined || bytes + size > limits.bytes) continue;
    bytes += size;
    previews.set(previewKey({ shard, id: example.id }), preview);
  }
  return previews;
}

function sizeOf(preview: Preview): number {
  if (preview.kind === 'picture') return preview.bytes.length;
  if (preview.kind === 'text') return 2 * preview.text.length;
  return preview.cells.reduce((total, [name, value]) => total + 2 * (name + value).length, 0);
}
