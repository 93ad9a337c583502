/** Commands in messages, in the form that works where the user typed the last one. */
import { commands, programName } from './commands.ts';

const names = Object.keys(commands).join('|');
const mentions = new RegExp(`(?<!npx |[\\w/.-])${programName} (?=(?:${names})\\b)`, 'g');

/**
 * Puts `npx` before the commands in a text, if npx started this process: the program is then not on
 * the PATH.
 *
 * @example asTyped('Next: counterweight plan digits') // 'Next: npx counterweight plan digits'
 */
export function asTyped(text: string, env: NodeJS.ProcessEnv = process.env): string {
  return env.npm_command === 'exec' ? text.replace(mentions, `npx ${programName} `) : text;
}
