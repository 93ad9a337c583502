import { textKind } from '../features/text.ts';
import type { Format } from './format.ts';

export const texts: Format<'texts'> = {
  name: 'texts',
  description: 'text files, one folder per class',
  extensions: ['txt'],
  kinds: [textKind.name],
  readGets: 1,
  cutGets: 0,
  isDivisible: false,
  examplesPerPiece: 1,
  idsFromKeys: true,
  foldersAreClasses: true,
  load: async () => (await import('./folder-files.ts')).textsFiles,
};
