import { extname } from 'node:path';

/**
 * Returns the file of a thread or process: it starts from a JavaScript file beside the code.
 *
 * @param name Name of the file, without its extension.
 * @param url `import.meta.url` of the code.
 * @returns undefined if the code is not compiled.
 */
export function compiledFile(name: string, url: string): URL | undefined {
  // Bundled code has another extension than compiled code.
  const extension = extname(url);
  return extension === '.ts' ? undefined : new URL(`./${name}${extension}`, url);
}
