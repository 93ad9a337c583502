import { formatList } from '../data/formats/index.ts';

/** The folders of a dataset, for messages. */
export const layout = `<dataset>/
  labeled/      examples with their labels
  unlabeled/    many more examples, without labels
  validation/   more labeled examples; optional
  test/         labeled examples for the final figures only; optional
  teacher/      a model; optional, otherwise a teacher is trained

Formats: ${formatList}.`;
