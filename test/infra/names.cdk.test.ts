/** Options that apply to every resource: what each of them changes in the templates. */
import { expect, test } from 'vitest';
import { makeApp } from '../../infra/application.ts';
import { hasFields } from '../../src/json.ts';
import { changes, changesBy, plain } from './changes.ts';
import { allPrebuilt, synthesise } from './synthesise.ts';

test('a name is the prefix of every name and in commands, and changes nothing else', () => {
  const found = changesBy({ name: 'blue' });
  for (const { path, from, to } of found) {
    expect(to).toMatch(/(?<![\w-])blue-[cC]ounterweight|counterweight \w+ --name blue`/);
    const unnamed = String(to).replaceAll('blue-', '').replaceAll(' --name blue', '');
    expect({ path, to: unnamed }).toEqual({ path, to: from });
  }
  const { core, trainer } = synthesise({ ...allPrebuilt, name: 'blue' });
  const names = JSON.stringify([core.toJSON(), trainer!.toJSON()]).matchAll(
    /"(?:\w*Name|Name|POWERTOOLS_SERVICE_NAME|Fn::ImportValue)":("[^"]*"|\{"Fn::Join":[^}]*)/g,
  );
  const ours = [...names].map(([text]) => text).filter((text) => /counterweight/i.test(text));
  expect(ours.length).toBeGreaterThan(15);
  // The repository of the prebuilt images is not ours.
  expect(ours.filter((text) => !text.includes('blue-'))).toEqual([]);
});

test('the stacks have the name as well', () => {
  const assembly = makeApp({ ...allPrebuilt, name: 'blue' }).synth();
  expect(assembly.stacks.map(({ stackName }) => stackName)).toEqual([
    'blue-Counterweight',
    'blue-CounterweightTrainer',
  ]);
});

/** The template without a tag, and without lists and objects that are empty. */
function untagged(value: unknown): unknown {
  const isLeft = (inner: unknown) => !['[]', '{}', undefined].includes(JSON.stringify(inner));
  if (Array.isArray(value)) {
    return value.filter((one) => !hasFields(one) || one.Key !== 'team').map(untagged);
  }
  if (!hasFields(value)) return value;
  const rest = Object.entries(value)
    .filter(([name]) => name !== 'team')
    .map(([name, inner]) => [name, untagged(inner)] as const);
  return Object.fromEntries(rest.filter(([, inner]) => isLeft(inner)));
}

test('tags are on every resource that can have some, and on the stacks', () => {
  const { core, trainer } = synthesise({ ...allPrebuilt, tags: 'team=vision' });
  const without = new Set<string>();
  for (const [before, after] of [
    [plain.core, core],
    [plain.trainer!, trainer!],
  ]) {
    expect(changes(untagged(before!.toJSON()), untagged(after!.toJSON()))).toEqual([]);
    for (const [type, resource] of resourcesOf(after!.toJSON())) {
      if (!JSON.stringify(resource).includes('"team"')) without.add(type);
    }
  }
  // Parts of other resources, which have no tags of their own.
  expect([...without].sort()).toEqual([
    'AWS::EC2::Route',
    'AWS::EC2::SubnetRouteTableAssociation',
    'AWS::EC2::VPCGatewayAttachment',
    'AWS::IAM::InstanceProfile',
    'AWS::Lambda::EventInvokeConfig',
    'AWS::Lambda::Permission',
    'AWS::Lambda::Url',
    'AWS::S3::BucketPolicy',
    'AWS::SNS::Subscription',
    'AWS::SNS::TopicPolicy',
    'AWS::SQS::QueuePolicy',
  ]);
  const assembly = makeApp({ ...allPrebuilt, tags: 'team=vision' }).synth();
  for (const { tags } of assembly.stacks) expect(tags).toEqual({ team: 'vision' });
});

function resourcesOf(template: Record<string, unknown>): [type: string, resource: unknown][] {
  if (!hasFields(template.Resources)) return [];
  return Object.values(template.Resources).map((resource) => [
    hasFields(resource) ? String(resource.Type) : '',
    resource,
  ]);
}

test('a boundary is on every role', () => {
  const found = changesBy({ permissionsBoundary: 'limits' });
  const roles = [plain.core, plain.trainer!].flatMap((template) =>
    Object.keys(template.findResources('AWS::IAM::Role')),
  );
  expect(found.map(({ path }) => path).sort()).toEqual(
    roles.map((id) => `Resources/${id}/Properties/PermissionsBoundary`).sort(),
  );
  for (const { to } of found) {
    expect(JSON.stringify(to)).toContain(':iam::",{"Ref":"AWS::AccountId"},":policy/limits"');
  }
  const arn = 'arn:aws:iam::123456789012:policy/limits';
  for (const { to } of changesBy({ permissionsBoundary: arn })) expect(to).toBe(arn);
});

test('a qualifier changes where the CDK keeps its assets', () => {
  const found = changesBy({ '@aws-cdk/core:bootstrapQualifier': 'blue1' });
  expect(found.length).toBeGreaterThan(0);
  for (const { from, to } of found) {
    expect(to).toBe(String(from).replaceAll('hnb659fds', 'blue1'));
  }
});
