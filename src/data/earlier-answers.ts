/** Examples that earlier answers of people have added to labeled/. */
import type { Decisions } from '../debias/decisions.ts';
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { decisionLookup } from './classes.ts';
import type { ReadConfig } from './config.ts';
import { cutShards } from './cut.ts';
import { type Content, type Example, isRejected } from './example.ts';
import { readExamples } from './read.ts';
import { isWritten } from './write-labeled.ts';

/** Examples with their label, as decisions. */
export interface AnsweredExample {
  readonly example: Example;
  /** [perExample] */
  readonly decided: Int32Array;
}

/** Source of answers: the classes that they name, and their file. */
export interface AnswersSource {
  readonly classes: readonly string[];
  readonly decisions: Decisions;
  /** Name of the file, for error messages. */
  readonly name: string;
}

/**
 * Returns the answers that earlier ones have not added to labeled/ yet. Examples are compared by
 * their content, because a file in labeled/ may not have the ids.
 *
 * Reads the files in labeled/ that earlier answers made.
 *
 * @throws UserError if an example has another label there.
 */
export async function withoutEarlier(
  data: ObjectStore,
  config: ReadConfig,
  answers: readonly AnsweredExample[],
  { classes, decisions, name }: AnswersSource,
): Promise<AnsweredExample[]> {
  const lookup = decisionLookup(classes, decisions);
  const open = new Map<string, AnsweredExample[]>();
  for (const answer of answers) {
    const identity = identityOf(answer.example.content, config);
    open.set(identity, [...(open.get(identity) ?? []), answer]);
  }
  for await (const shard of cutShards(data, 'labeled', 'labeled/', config)) {
    for (const piece of shard.pieces.filter(({ key }) => isWritten(key))) {
      for await (const item of readExamples(data, { ...shard, pieces: [piece] }, config)) {
        if (isRejected(item)) continue;
        const identity = identityOf(item.content, config);
        const decided = lookup(item.label)?.join();
        for (const { example, decided: given } of open.get(identity) ?? []) {
          if (given.join() === decided) continue;
          throw new UserError(
            `${name}: '${example.id}' has another label than in ${piece.key} of earlier answers, '${item.label}'`,
            `Remove its row from ${name}, or the example from ${piece.key}, and run again.`,
          );
        }
        open.delete(identity);
      }
    }
  }
  const left = new Set([...open.values()].flat());
  return answers.filter((answer) => left.has(answer));
}

/** Returns a text that only equal examples share, whatever their ids and labels. */
function identityOf(content: Content, { task, data }: ReadConfig): string {
  switch (content.kind) {
    case 'image':
      return Buffer.from(content.bytes).toString('latin1');
    case 'text':
      return content.text;
    case 'vector':
      return content.values.join();
    case 'row': {
      const target = 'target' in task ? task.target : undefined;
      const others = new Set([data.id ?? 'id', data.label, target]);
      // Formats write missing values differently.
      const cells = Object.entries(content.columns).filter(
        ([name, value]) => !others.has(name) && value !== null && value !== '',
      );
      return JSON.stringify(cells.map(([name, value]) => [name, String(value)]).sort());
    }
  }
}
