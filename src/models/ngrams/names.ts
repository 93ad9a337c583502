/** Names of the files of an `ngrams` model. */
export const ngramsFile = 'ngrams.json';
export const ngramsWeightsFile = 'ngrams.bin';
