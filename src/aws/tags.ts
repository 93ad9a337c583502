/** Maximum number of tags: AWS allows 50 per resource, and adds some of its own. */
const maxTags = 40;

const characters = String.raw`[\p{L}\p{Z}\p{N}_.:/=+@-]`;
const keyPattern = new RegExp(`^(?!aws:)${characters.replace('=', '')}{1,128}$`, 'iu');
const valuePattern = new RegExp(`^${characters}{0,256}$`, 'u');

/** Sentence about the texts that `parseTags` reads. */
export const allowedTags =
  `KEY=VALUE,KEY=VALUE: at most ${maxTags} different keys without the prefix aws:, of letters, ` +
  'digits, spaces and _ . : / + @ -';

/**
 * Parses tags of AWS resources.
 *
 * @param text `KEY=VALUE,KEY=VALUE`.
 * @returns undefined if AWS would refuse the tags. Keys that differ in case only are the same key
 * for IAM.
 */
export function parseTags(text: string): Record<string, string> | undefined {
  const tags = new Map<string, string>();
  const keys = new Set<string>();
  for (const tag of text.split(',')) {
    const [, key = '', value = ''] = /^([^=]*)=(.*)$/su.exec(tag) ?? [];
    if (!keyPattern.test(key) || !valuePattern.test(value)) return undefined;
    tags.set(key, value);
    keys.add(key.toLowerCase());
    if (keys.size < tags.size || tags.size > maxTags) return undefined;
  }
  return tags.size === text.split(',').length ? Object.fromEntries(tags) : undefined;
}
