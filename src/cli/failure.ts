import { explainAws } from '../aws/failures.ts';
import { UsageError } from './arguments.ts';
import { styled, type Terminal } from './terminal.ts';

/** The shell's code for "ended by Ctrl-C". */
export const interruptedCode = 128 + 2;

/**
 * Tells the user of an error, in as many words as help.
 * @param usage how the command is called.
 * @returns the exit code: 2 for a wrong call, 130 for Ctrl-C, 1 for everything else.
 */
export function reportFailure(error: unknown, terminal: Terminal, usage: string): number {
  const say = (text: string) => terminal.write(`${text}\n`);
  const label = styled(terminal, 'red', 'error:');
  // By name, since an error that a worker process threw arrives as a plain Error with that name.
  const { name, message, hint, stack } = facts(explainAws(error));
  switch (name) {
    case 'InterruptedError':
      say('Stopped. The same command goes on from here.');
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
      say('This is a bug in counterweight, or something that it should explain better.');
      if (process.env.COUNTERWEIGHT_DEBUG === '1') say(stack ?? '');
      else say('COUNTERWEIGHT_DEBUG=1 shows where it happened; please add that to a bug report.');
      return 1;
  }
}

function facts(error: unknown): { name: string; message: string; hint?: string; stack?: string } {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined;
  return { name, message, ...(hint && { hint }), ...(stack && { stack }) };
}
