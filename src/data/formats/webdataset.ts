import { image } from '../features/image.ts';
import type { Format } from './format.ts';

export const webdataset: Format<'webdataset'> = {
  name: 'webdataset',
  description: 'tar archives (KEY.jpg and KEY.cls)',
  extensions: ['tar'],
  kinds: [image.name],
  readGets: 1,
  cutGets: 0,
  isDivisible: false,
  idsFromKeys: true,
  load: async () => (await import('./webdataset-files.ts')).webdatasetFiles,
};
