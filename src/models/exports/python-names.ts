/** Names of inputs as Python's TensorFlow reads them: as the parameters of a function. */
import { NotExportable } from './operations.ts';

/** Keywords, and the name of the signature's own parameter. */
const reserved: ReadonlySet<string> = new Set([
  'self',
  ...['False', 'None', 'True', 'and', 'as', 'assert', 'async', 'await', 'break', 'class'],
  ...['continue', 'def', 'del', 'elif', 'else', 'except', 'finally', 'for', 'from', 'global'],
  ...['if', 'import', 'in', 'is', 'lambda', 'nonlocal', 'not', 'or', 'pass', 'raise', 'return'],
  ...['try', 'while', 'with', 'yield'],
]);

const identifier = /^[_\p{XID_Start}]\p{XID_Continue}*$/u;

/**
 * Checks that Python can load and call a signature with these inputs.
 * @throws NotExportable if a name is not that of a parameter, or two names become equal.
 */
export function requirePythonNames(names: readonly string[]): void {
  const parameters = new Map<string, string>();
  for (const name of names) {
    const parameter = parameterName(name);
    if (reserved.has(parameter) || !identifier.test(parameter)) {
      throw new NotExportable(`TensorFlow in Python refuses an input named '${name}'`);
    }
    const other = parameters.get(parameter);
    if (other !== undefined) {
      throw new NotExportable(
        `TensorFlow in Python cannot distinguish its inputs '${other}' and '${name}'`,
      );
    }
    parameters.set(parameter, name);
  }
}

/** Changes a name as TensorFlow's `sanitize_arg_name` does. */
function parameterName(name: string): string {
  const changed = name.replaceAll(/[^\p{L}\p{N}]/gu, '_');
  return /^\p{L}/u.test(changed) ? changed : `arg_${changed}`;
}
