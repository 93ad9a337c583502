import { image } from '../features/image.ts';
import { imageExtensions } from '../features/image-file.ts';
import { type Format, filePerExample } from './format.ts';

export const images: Format<'images'> = {
  name: 'images',
  description: 'image files, one folder per class',
  extensions: imageExtensions,
  kinds: [image.name],
  ...filePerExample,
  load: async () => (await import('./folder-files.ts')).imagesFiles,
};
