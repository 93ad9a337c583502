import { image } from '../features/image.ts';
import { textKind } from '../features/text.ts';
import type { Format } from './format.ts';

export const webdataset: Format<'webdataset'> = {
  name: 'webdataset',
  description: 'tar archives (KEY.jpg or KEY.txt, and KEY.cls)',
  extensions: ['tar'],
  kinds: [image.name, textKind.name],
  readGets: 1,
  cutGets: 0,
  isDivisible: false,
  idsFromKeys: true,
  // The mark of tar archives in their first header.
  startsLike: (start) => Buffer.from(start.subarray(257, 262)).toString('latin1') === 'ustar',
  load: async () => (await import('./webdataset-files.ts')).webdatasetFiles,
};
