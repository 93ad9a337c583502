import { explainAws } from '../aws/failures.ts';
import { hintOf } from '../errors.ts';
import { explainMachineLimit } from '../machine-limits.ts';
import { UsageError } from './arguments.ts';
import { asTyped } from './as-typed.ts';
import { styled, type Terminal } from './terminal.ts';

/** The shell's code for "ended by Ctrl-C". */
export const interruptedCode = 128 + 2;

/**
 * Reports an error to the user, with its hint or the command's usage.
 * @param usage usage line of the command.
 * @returns the exit code: 2 for a usage error, 130 for Ctrl-C, 1 otherwise.
 */
export function reportFailure(error: unknown, terminal: Terminal, usage: string): number {
  const say = (text: string) => terminal.write(`${asTyped(text)}\n`);
  const label = styled(terminal, 'red', 'error:');
  // By name, since an error that a worker process threw arrives as a plain Error with that name.
  const { name, message, hint, stack } = facts(explainMachineLimit(error) ?? explainAws(error));
  switch (name) {
    case 'InterruptedError':
      say('Stopped. Run the same command again to resume.');
      return interruptedCode;
    case UsageError.name:
    case 'CLIError':
      say(`${label} ${message}`);
      say(usage);
      return 2;
    case 'UserError':
      say(`${label} ${message}`);
      if (hint) say(hint);
      return 1;
    default:
      say(`${label} ${message || name}`);
      say('This is a bug in counterweight, or an error that it should explain better.');
      if (process.env.COUNTERWEIGHT_DEBUG === '1') say(stack ?? '');
      else say('Set COUNTERWEIGHT_DEBUG=1 to get the stack trace, and include it in a bug report.');
      return 1;
  }
}

function facts(error: unknown): { name: string; message: string; hint?: string; stack?: string } {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  const hint = hintOf(error);
  return { name, message, ...(hint && { hint }), ...(stack && { stack }) };
}
