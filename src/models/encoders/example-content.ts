import type { Example, Rejected } from '../../data/example.ts';
import { createEncoder, type Features, hasTexts } from '../../data/features/index.ts';
import { decodedText, isDecoded } from '../../data/features/kind.ts';
import { textKind } from '../../data/features/text.ts';

/**
 * Returns a function that prepares an example for an encoder: texts are normalized and cut as for
 * other models. Images stay as they are, because an encoder decodes them to its own size.
 *
 * @param features Features of the examples.
 */
export function exampleContent(
  features: Features,
): (example: Example) => Promise<Example | Rejected> {
  if (!hasTexts(features)) return async (example) => example;
  const encoder = createEncoder(features);
  return async (example) => {
    const decoded = await encoder.decode(example);
    if (!isDecoded(decoded)) return decoded;
    return { ...example, content: { kind: textKind.name, text: decodedText(decoded) } };
  };
}
