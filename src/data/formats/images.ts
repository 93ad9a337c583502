import { image } from '../features/image.ts';
import { imageExtensions } from '../features/image-file.ts';
import type { Format } from './format.ts';

export const images: Format<'images'> = {
  name: 'images',
  description: 'image files, one folder per class',
  extensions: imageExtensions,
  kinds: [image.name],
  readGets: 1,
  cutGets: 0,
  isDivisible: false,
  examplesPerPiece: 1,
  idsFromKeys: true,
  foldersAreClasses: true,
  load: async () => (await import('./folder-files.ts')).imagesFiles,
};
