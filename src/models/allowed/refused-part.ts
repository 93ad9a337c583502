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

/**
 * Returns the error for a network that is too large.
 * @param what The file and the size that it has: `model.json lists 9 numbers`.
 */
export function tooLargeNetwork(what: string, max: number): UserError {
  return refusedPart(what, `and at most ${max} are allowed`, 'Use a smaller network.');
}

const exportAgain =
  'Export the model again for inference only: numbers or texts in, class scores or an embedding out.';

/** Reason to refuse an operation that is not in the list. */
export const notAllowed = 'which models may not use here';

/** Returns the error for a file that cannot be read as a model of its format. */
export function damagedModel(file: string, reason: string): Error {
  return new Error(`${file} is damaged: ${reason}`);
}
