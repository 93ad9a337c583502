/** What is used of the package, which has no types of its own. */
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  export interface JpegDecoder {
    /** Room for a file of so many bytes, good until the next call. */
    getEncodedBuffer(bytes: number): Uint8Array;
    /** Throws when the file has an error, or anything to warn of. */
    decode(): void;
    /** Grey or RGB, row by row, as the file is; good until the next call. */
    getDecodedBuffer(): Uint8Array;
  }
  export default function openLibjpegTurbo(): Promise<{ JPEGDecoder: new () => JpegDecoder }>;
}
