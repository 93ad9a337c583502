import { z } from 'zod';
import { namesOf } from '../src/table.ts';
import { bucketExports } from './names.ts';
import { flattenReference } from './reference.ts';
import { purposes } from './statement.ts';

/** Values of a policy: one or many, references or not. */
const oneOrMany = z
  .union([z.array(z.unknown()), z.unknown().transform((one) => [one])])
  .transform((many) =>
    many.map((value) => readable(typeof value === 'number' ? `${value}` : flattenReference(value))),
  );

const conditionSchema = z.record(z.string(), z.record(z.string(), oneOrMany)).default({});

/** A statement of a role: made by `allow`, so that it has a purpose. */
const grantSchema = z.strictObject({
  Sid: z.enum(namesOf(purposes)),
  Effect: z.literal('Allow'),
  Action: oneOrMany,
  Resource: oneOrMany,
  Condition: conditionSchema,
});
export type Grant = z.infer<typeof grantSchema>;

/** Who a statement is about: `*`, or `{ Service: … }`. */
const principal = z.union([
  z.string(),
  z.record(z.string(), z.string()).transform((by) => Object.values(by).join(', ')),
]);

/** A statement of a resource's policy. */
const ruleSchema = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Principal: principal,
  Action: oneOrMany,
  Condition: conditionSchema,
});
export type Rule = z.infer<typeof ruleSchema>;

const roleSchema = z.strictObject({
  AssumeRolePolicyDocument: z.object({ Statement: z.tuple([ruleSchema]) }),
  Policies: z.tuple([z.object({ PolicyDocument: z.object({ Statement: z.array(grantSchema) }) })]),
});

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});

export interface Role {
  /** As in the template, without the hash: "LabelRole". */
  readonly name: string;
  /** Who may take it: "lambda.amazonaws.com". */
  readonly assumedBy: string;
  readonly grants: Grant[];
}

/** The roles of a synthesised template, with references made readable. */
export function rolesOf(template: unknown): Role[] {
  return resourcesOf(template)
    .filter(({ type }) => type === 'AWS::IAM::Role')
    .map(({ name, properties }) => {
      const { AssumeRolePolicyDocument: trust, Policies } = roleSchema.parse(properties);
      const assumedBy = trust.Statement[0].Principal;
      return { name, assumedBy, grants: Policies[0].PolicyDocument.Statement };
    });
}

/** The policies that stand on buckets, the queue, the topic and functions. */
export function resourcePoliciesOf(template: unknown): { name: string; rules: Rule[] }[] {
  return resourcesOf(template).flatMap(({ name, type, properties }) => {
    if (type === 'AWS::Lambda::Permission') return [invocation.parse(properties)];
    const { data } = z.object({ PolicyDocument: document }).safeParse(properties);
    return data ? [{ name, rules: data.PolicyDocument.Statement }] : [];
  });
}

const document = z.object({ Statement: z.array(ruleSchema) });

/** Who may call a function: a policy that CloudFormation has another form for. */
const invocation = z
  .object({
    FunctionName: oneOrMany,
    Principal: principal,
    Action: oneOrMany,
    SourceArn: oneOrMany,
  })
  .transform(({ FunctionName, Principal, Action, SourceArn }) => {
    const Condition = { ArnLike: { 'aws:SourceArn': SourceArn } };
    const rule = { Effect: 'Allow' as const, Principal, Action, Condition };
    return { name: FunctionName.join(), rules: [rule] };
  });

function resourcesOf(template: unknown) {
  return Object.entries(templateSchema.parse(template).Resources).map(
    ([id, { Type: type, Properties: properties }]) => ({ name: withoutHash(id), type, properties }),
  );
}

/** `<StorageData6BB23F4E.Arn>/*` is `<StorageData>/*`, and `arn:…:batch:…:job/*` is `batch:job/*`. */
function readable(flat: string): string {
  return flat
    .replace(`arn:<AWS::Partition>:s3:::${bucketExports.data}`, '<StorageData>')
    .replace(`arn:<AWS::Partition>:s3:::${bucketExports.results}`, '<StorageResults>')
    .replace(/^arn:<AWS::Partition>:(\w+):(?:<AWS::Region>|[^:]*):(?:<AWS::AccountId>|\d*):/, '$1:')
    .replace(/<(\w+)(?:\.\w+)?>/g, (_reference, id) => `<${withoutHash(id)}>`);
}

function withoutHash(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}
