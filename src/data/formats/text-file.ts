import { isUtf8 } from 'node:buffer';
import type { Content } from '../example.ts';
import { contentOfText } from '../features/text-cells.ts';
import { encodingOf } from './csv-encoding.ts';

/** Makes content of a file in UTF-8, or in UTF-16 with its byte order mark. */
export function textOfFile(bytes: Uint8Array): Content | string {
  const encoding = encodingOf(bytes);
  if (encoding !== 'utf-8') {
    try {
      return contentOfText(new TextDecoder(encoding, { fatal: true }).decode(bytes));
    } catch {
      return `It starts with the byte order mark of ${encoding.toUpperCase()}, but is not such text.`;
    }
  }
  if (!isUtf8(bytes)) {
    return 'It is not text in UTF-8. If it is in Windows-1252: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW.';
  }
  if (bytes.includes(0)) return 'It has bytes of zero, which no text has.';
  return contentOfText(Buffer.from(bytes).toString());
}
