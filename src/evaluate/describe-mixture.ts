import { z } from 'zod';
import { count, fixed, percent } from '../format.ts';
import type { MixtureFile } from '../run/mixture-file.ts';

const figures = { accuracy: z.number(), logLoss: z.number() };

/** Several teachers, with their results on labels that they have not learned. */
export const teachersSchema = z.strictObject({
  /** In the order of the config; `weight` is the share in the mixture. */
  members: z.array(z.strictObject({ name: z.string(), weight: z.number(), ...figures })),
  /** Number of labels. */
  examples: z.int().nonnegative(),
  /** Whether several have a weight; otherwise the best one labels alone. */
  isMixed: z.boolean(),
  mixture: z.strictObject(figures),
});
export type Teachers = z.infer<typeof teachersSchema>;

/** Names the teachers of a mixture, in the order of the config. */
export function teachersOf(
  { members, whole, models, mixture, examples, isMixed }: MixtureFile,
  named: readonly { readonly name: string; readonly digest: string }[],
): Teachers {
  const of = ({ logLoss, right }: MixtureFile['mixture']) => ({
    accuracy: right / examples,
    logLoss,
  });
  return {
    members: named.map(({ name, digest }) => {
      const index = members.indexOf(digest);
      return { name, weight: whole[index]!, ...of(models[index]!) };
    }),
    examples,
    isMixed,
    mixture: of(mixture),
  };
}

/** Describes for people how several teachers are mixed. */
export function describeTeachers({ members, examples, isMixed, mixture }: Teachers): string {
  const each = members.map((member) => `${member.name} ${shown(member)}`).join(', ');
  const head = `On ${count(examples)} labels, out of fold: ${each}.`;
  const used = members.filter(({ weight }) => weight > 0);
  if (!isMixed) {
    return `${head} No mixture is clearly better than ${used[0]!.name}, which labels alone.`;
  }
  const parts = used.map(({ name, weight }) => `${percent(weight, 0)} ${name}`).join(' + ');
  return `${head} The mixture ${parts} labels: ${shown(mixture)}.`;
}

function shown({ accuracy, logLoss }: Teachers['mixture']): string {
  return `${percent(accuracy)} right (log-loss ${fixed(logLoss, 3)})`;
}
