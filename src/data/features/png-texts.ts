/** Compressed texts in PNG files, such as comments. The decoder inflates all of them. */

/** Maximum size of the compressed texts of a file: 1 MiB can become 1 GiB, which takes seconds. */
const maxTextBytes = 2 ** 20;

/** Length, type and checksum of a chunk. */
const chunkBytes = 12;

/** Returns whether the decoder of a PNG file would take far more time than for its pixels. */
export function hasLongTexts(file: Uint8Array): boolean {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let bytes = 0;
  // PNG specification, section 5.3: chunks follow a signature of 8 bytes.
  for (let at = 8; at + chunkBytes <= view.byteLength; ) {
    const length = view.getUint32(at);
    const data = file.subarray(at + 8, at + 8 + length);
    if (isCompressedText(Buffer.from(file.subarray(at + 4, at + 8)).toString('latin1'), data)) {
      bytes += length;
    }
    at += chunkBytes + length;
  }
  return bytes > maxTextBytes;
}

/** Sections 11.3.3.3 and 11.3.3.4: in an iTXt, a flag after the keyword states the compression. */
function isCompressedText(type: string, data: Uint8Array): boolean {
  return type === 'zTXt' || (type === 'iTXt' && data[data.indexOf(0) + 1] === 1);
}
