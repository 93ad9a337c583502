/** Commands in messages, in the form that works where the user typed the last one. */
import { nameVariable } from '../aws/deployment-name.ts';
import { commands, programName } from './commands.ts';

const names = Object.keys(commands).join('|');
const mentions = new RegExp(`(?<!npx |[\\w/.-])${programName} (?=(?:${names})\\b)`, 'g');

const deployed = Object.entries(commands).flatMap(([name, row]) => (row.isDeployed ? name : []));
const deployedMentions = new RegExp(
  `(?<![\\w/.-])${programName} (?:${deployed.join('|')})\\b(?! --name )`,
  'g',
);

/**
 * Completes the commands in a text. Puts `npx` before them, if npx started this process: the
 * program is then not on the PATH. Adds `--name` if this process uses a deployment with a name.
 *
 * @example asTyped('Next: counterweight plan digits') // 'Next: npx counterweight plan digits'
 */
export function asTyped(text: string, env: NodeJS.ProcessEnv = process.env): string {
  const { npm_command: npmCommand, [nameVariable]: name } = env;
  const named = name ? text.replace(deployedMentions, `$& --name ${name}`) : text;
  return npmCommand === 'exec' ? named.replace(mentions, `npx ${programName} `) : named;
}
