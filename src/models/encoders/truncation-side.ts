/** The side on which a tokenizer cuts long texts. */
import { z } from 'zod';
import { UserError } from '../../errors.ts';

const tokenizerSchema = z.looseObject({ truncation: z.looseObject({ direction: z.string() }) });

/** The side in `tokenizer_config.json` overrides that in `tokenizer.json`. */
const configSchema = z.looseObject({ truncation_side: z.string() });

/**
 * Checks the parsed files of a tokenizer.
 *
 * @param source Name of the model in errors.
 * @throws UserError if the model was made for texts that are cut at their start.
 */
export function requireCutAtEnd(
  { tokenizer, config }: { readonly tokenizer: object; readonly config: object },
  source: string,
): void {
  const side = configSchema.safeParse(config).data?.truncation_side;
  const found = side ?? tokenizerSchema.safeParse(tokenizer).data?.truncation.direction ?? 'right';
  if (found.toLowerCase() === 'right') return;
  const [file, field, right] = side
    ? ['tokenizer_config.json', 'truncation_side', 'right']
    : ['tokenizer.json', 'truncation.direction', 'Right'];
  throw new UserError(
    `the ${file} of ${source} does not cut long texts at their end, as counterweight does (${field}: ${JSON.stringify(found)})`,
    `If the start of a text matters more, set ${field} to "${right}" in a copy of the folder.`,
  );
}
