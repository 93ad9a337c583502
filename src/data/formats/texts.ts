import { textKind } from '../features/text.ts';
import { type Format, filePerExample } from './format.ts';

export const texts: Format<'texts'> = {
  name: 'texts',
  description: 'text files, one folder per class',
  extensions: ['txt'],
  kinds: [textKind.name],
  ...filePerExample,
  load: async () => (await import('./folder-files.ts')).textsFiles,
};
