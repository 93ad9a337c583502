/** Scripts that complete the commands, options and files of a command line in a shell. */

/** A command, as a script needs it. */
export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
}

interface CompletedOption {
  readonly name: string;
  readonly description: string;
  readonly takesValue: boolean;
}

type Script = (program: string, commands: readonly CompletedCommand[]) => string;

/** The word after the program is a command; a later word is an option or, without "-", a file. */
const bash: Script = (program, commands) => {
  const names = commands.map(({ name }) => name).join(' ');
  const cases = commands.map(
    ({ name, options }) =>
      `    ${name}) words="${options.map((option) => `--${option.name}`).join(' ')}" ;;`,
  );
  return `_${program}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names}" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  COMPREPLY=()
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
  esac
}
complete -o default -F _${program} ${program}
`;
};

/** zsh reads the script of bash. */
const zsh: Script = (program, commands) =>
  `autoload -U +X compinit && compinit
autoload -U +X bashcompinit && bashcompinit
${bash(program, commands)}`;

const fish: Script = (program, commands) => {
  const lines = commands.flatMap(({ name, description, options }) => [
    `complete -c ${program} -f -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
    ...options.map(
      (option) =>
        `complete -c ${program} -n '__fish_seen_subcommand_from ${name}' -l ${option.name}` +
        `${option.takesValue ? ' -r' : ''} -d ${quoted(option.description)}`,
    ),
  ]);
  return `${lines.join('\n')}\n`;
};

/** Quotes a text for fish. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/** The scripts, by shell. */
export const completionScripts: Readonly<Record<string, Script>> = { bash, zsh, fish };
