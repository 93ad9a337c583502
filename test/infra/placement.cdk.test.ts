/** Options about keys, networks and other accounts: what each of them changes in the templates. */
import { describe, expect, test } from 'vitest';
import { rolesOf } from '../../infra/policies.ts';
import { hasFields } from '../../src/json.ts';
import { type Change, changesBy, plain } from './changes.ts';
import { allPrebuilt, resource, synthesise } from './synthesise.ts';

/** Types of the resources that changes are in, and names of other parts of the template. */
function sectionsOf(found: readonly Change[]): string[] {
  const types = [plain.core, plain.trainer!].map((template): Record<string, unknown> => {
    const { Resources } = template.toJSON();
    return hasFields(Resources) ? Resources : {};
  });
  const sections = found.map(({ path, to }) => {
    const [section = '', id = ''] = path.split('/');
    const known = types.map((resources) => resources[id]).find(hasFields);
    const changed = known ?? (hasFields(to) ? to : undefined);
    return section === 'Resources' ? String(changed?.Type) : section;
  });
  return [...new Set(sections)].sort();
}

describe('a key', () => {
  const kmsKey = 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const setting = { kmsKey };
  const { core, trainer } = synthesise({ ...allPrebuilt, ...setting });

  test('changes buckets and roles only', () => {
    expect(sectionsOf(changesBy(setting))).toEqual(['AWS::IAM::Role', 'AWS::S3::Bucket']);
  });

  test.each(['Data', 'Results'])('encrypts the bucket %s, and saves requests', (name) => {
    expect(resource(core, 'AWS::S3::Bucket', `Storage${name}`).BucketEncryption).toEqual({
      ServerSideEncryptionConfiguration: [
        {
          BucketKeyEnabled: true,
          ServerSideEncryptionByDefault: { KMSMasterKeyID: kmsKey, SSEAlgorithm: 'aws:kms' },
        },
      ],
    });
  });

  test('leaves the access logs to S3, which delivers them to no other bucket', () => {
    const { BucketEncryption } = resource(core, 'AWS::S3::Bucket', 'StorageAccessLogs');
    expect(JSON.stringify(BucketEncryption)).toContain('AES256');
  });

  test('may be used by the roles that read or write objects, by way of S3', () => {
    const roles = [core, trainer!].flatMap((template) => rolesOf(template.toJSON()));
    for (const { name, grants } of roles) {
      const uses = grants.some(({ Action }) =>
        Action.some((action) => /^s3:\w+Object/.test(action)),
      );
      const found = grants.filter(({ Sid }) => Sid === 'UseKey');
      expect({ name, grants: found.length }).toEqual({ name, grants: uses ? 1 : 0 });
      if (!uses) continue;
      expect(found[0]).toMatchObject({
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Condition: {
          StringEquals: { 'kms:ViaService': ['s3.<AWS::Region>.<AWS::URLSuffix>'] },
        },
      });
    }
  });
});

describe('a network', () => {
  const setting = { subnets: 'subnet-0123abcd,subnet-4567cdef', securityGroups: 'sg-0123abcd' };
  const { core } = synthesise({ ...allPrebuilt, ...setting });

  test('changes functions and their roles only', () => {
    expect(sectionsOf(changesBy(setting))).toEqual(['AWS::IAM::Role', 'AWS::Lambda::Function']);
  });

  test('is that of every function, and their roles may join it', () => {
    const functions = Object.values(core.findResources('AWS::Lambda::Function'));
    for (const { Properties } of functions) {
      expect(Properties.VpcConfig).toEqual({
        SubnetIds: ['subnet-0123abcd', 'subnet-4567cdef'],
        SecurityGroupIds: ['sg-0123abcd'],
      });
    }
    const joining = rolesOf(core.toJSON()).filter(({ grants }) =>
      grants.some(({ Sid }) => Sid === 'JoinNetwork'),
    );
    expect(joining).toHaveLength(functions.length);
    for (const { assumedBy } of joining) expect(assumedBy).toBe('lambda.amazonaws.com');
  });
});

test('a data bucket of another account sends its events to the bus of this one', () => {
  const bucket = { ...allPrebuilt, dataBucket: 'their-data' };
  const { core } = synthesise({ ...bucket, dataAccount: '210987654321' });
  expect(resource(core, 'AWS::Events::EventBusPolicy')).toMatchObject({
    StatementId: 'counterweight-data',
    Statement: {
      Effect: 'Allow',
      Principal: { AWS: { 'Fn::Join': ['', expect.arrayContaining([':iam::210987654321:root'])] } },
      Action: 'events:PutEvents',
      Resource: { 'Fn::Join': ['', expect.arrayContaining([':event-bus/default'])] },
    },
  });
  core.hasOutput('DataAccount', { Value: '210987654321' });
  synthesise(bucket).core.resourceCountIs('AWS::Events::EventBusPolicy', 0);
});
