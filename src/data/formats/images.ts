import type { Format } from './format.ts';

export const images: Format<'images'> = {
  name: 'images',
  description: 'image files, one folder per class',
  extensions: ['jpg', 'jpeg', 'png', 'webp'],
  tasks: ['image-classification'],
  readGets: 1,
  cutGets: 0,
  isDivisible: false,
  examplesPerPiece: 1,
  load: async () => (await import('./images-files.ts')).imagesFiles,
};
