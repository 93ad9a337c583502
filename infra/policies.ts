import { z } from 'zod';
import { namesOf } from '../src/table.ts';
import { deploymentNames } from './names.ts';
import { flattenReference } from './reference.ts';
import { purposes } from './statement.ts';

/** Values of a policy: one or many, with or without references. */
const oneOrMany = z
  .union([z.array(z.unknown()), z.unknown().transform((one) => [one])])
  .transform((many) =>
    many.map((value) => readable(typeof value === 'number' ? `${value}` : flattenReference(value))),
  );

const conditionSchema = z.record(z.string(), z.record(z.string(), oneOrMany)).default({});

/** Statement of a role, made by `allow`, so that it has a purpose. */
const grantSchema = z.strictObject({
  Sid: z.enum(namesOf(purposes)),
  Effect: z.literal('Allow'),
  Action: oneOrMany,
  Resource: oneOrMany,
  Condition: conditionSchema,
});
export type Grant = z.infer<typeof grantSchema>;

/** Principal of a statement: `*`, `{ Service: … }` or `{ AWS: … }`. */
const principal = z.union([
  z.string(),
  z.record(z.string(), oneOrMany).transform((by) => Object.values(by).flat().join(', ')),
]);

/** Statement of a resource's policy. */
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
  /** Name as in the template, without the hash: "LabelRole". */
  readonly name: string;
  /** Service that may assume the role: "lambda.amazonaws.com". */
  readonly assumedBy: string;
  readonly grants: Grant[];
}

/** Lists the roles of a synthesized template, with readable references. */
export function rolesOf(template: unknown): Role[] {
  return resourcesOf(template)
    .filter(({ type }) => type === 'AWS::IAM::Role')
    .map(({ name, properties }) => {
      const { AssumeRolePolicyDocument: trust, Policies } = roleSchema.parse(properties);
      const assumedBy = trust.Statement[0].Principal;
      return { name, assumedBy, grants: Policies[0].PolicyDocument.Statement };
    });
}

/** Lists the policies of buckets, the queue, the topic, its key and functions. */
export function resourcePoliciesOf(template: unknown): { name: string; rules: Rule[] }[] {
  return resourcesOf(template).flatMap(({ name, type, properties }) => {
    if (type === 'AWS::Lambda::Permission') return [invocation.parse(properties)];
    const { data } = withPolicy.safeParse(properties);
    const policy = data?.PolicyDocument ?? data?.KeyPolicy;
    return policy ? [{ name, rules: policy.Statement }] : [];
  });
}

const document = z.object({ Statement: z.array(ruleSchema) });
/** A key of KMS has its policy in a field of its own. */
const withPolicy = z.object({
  PolicyDocument: document.optional(),
  KeyPolicy: document.optional(),
});

/** Permission to call a function, a policy for which CloudFormation has another form. */
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

/** Exports of a deployment without a name, whose permissions are documented. */
const { bucketExports } = deploymentNames(undefined);

/**
 * Shortens a resource. `<StorageData6BB23F4E.Arn>/runs` becomes `<StorageData>/runs`, and
 * `arn:…:batch:…:job/a` becomes `batch:job/a`.
 */
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
