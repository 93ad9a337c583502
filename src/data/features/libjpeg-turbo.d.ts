/** The part of the package that we use; it has no types of its own. */
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  export interface JpegDecoder {
    /** Returns memory for a file of `bytes` bytes, valid until the next call. */
    getEncodedBuffer(bytes: number): Uint8Array;
    /** Decodes the file; throws if it has an error or a warning. */
    decode(): void;
    /** Returns grey or RGB pixels, row-major, valid until the next call. */
    getDecodedBuffer(): Uint8Array;
  }
  export default function openLibjpegTurbo(): Promise<{ JPEGDecoder: new () => JpegDecoder }>;
}
