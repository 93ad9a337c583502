/** Errors about models that are not loaded. */
import { UserError } from '../../errors.ts';

/** Name of the document that lists what models may contain. */
const listed = 'docs/security.md of counterweight lists what models may contain.';

/**
 * Returns the error for a part of a model that is not allowed.
 *
 * @param what The file and the part: `model.onnx has the operator 'Loop'`.
 * @param why Reason that it is refused, as the end of the sentence.
 */
export function refusedPart(what: string, why: string, fix = exportAgain): UserError {
  return new UserError(`${what}, ${why}`, `${fix} ${listed}`);
}

const exportAgain =
  'Export the model again for inference only: numbers or texts in, class scores or an embedding out.';

/** Reason to refuse an operation that is not in the list. */
export const notAllowed = 'which models may not use here';

/** Returns the error for a file that cannot be read as a model of its format. */
export function damagedModel(file: string, reason: string): Error {
  return new Error(`${file} is damaged: ${reason}`);
}
