import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type CfnBucket,
  type IBucket,
  type LifecycleRule,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { keys } from '../src/run/keys.ts';
import { waive } from './nag.ts';
import type { Settings } from './settings.ts';

/** Deletes parts of aborted multipart uploads, which are billed but in no listing. */
const abandonedUploads: LifecycleRule = { abortIncompleteMultipartUploadAfter: Duration.days(7) };

/** Days after which a training that was stopped starts over. */
const checkpointDays = 90;

const closed: BucketProps = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  encryption: BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  // Data belongs to the user, and labels cost money: destroying the stack deletes neither.
  removalPolicy: RemovalPolicy.RETAIN,
};

/** Names of existing buckets that the stack uses instead of new ones, and settings of new ones. */
type StorageProps = Pick<Settings, 'dataBucket' | 'resultsBucket' | 'kmsKey' | 'replacedDataDays'>;

/**
 * Buckets of a deployment. New ones are private, encrypted, accept TLS only, and outlive the stack
 * with their policies. An existing bucket keeps its settings.
 */
export class Storage extends Construct {
  /** Datasets. EventBridge receives an event for every object that arrives. */
  readonly data: IBucket;
  /** Results of runs; `src/run/keys.ts` defines the keys. */
  readonly results: IBucket;

  constructor(scope: Construct, id: string, props: StorageProps) {
    super(scope, id);
    const { dataBucket, resultsBucket, kmsKey, replacedDataDays } = props;
    const logs =
      dataBucket === undefined || resultsBucket === undefined ? makeAccessLogs(this) : undefined;
    const logged = (name: string): BucketProps => ({
      ...closed,
      ...(kmsKey !== undefined && encryptedWith(this, name, kmsKey)),
      versioned: true,
      // CDK's own types do not hold under exactOptionalPropertyTypes.
      serverAccessLogsBucket: logs as IBucket,
      serverAccessLogsPrefix: `${name}/`,
    });
    this.data =
      dataBucket === undefined
        ? makeData(this, logged('data'), replacedDataDays)
        : Bucket.fromBucketName(this, 'Data', dataBucket);
    this.results =
      resultsBucket === undefined
        ? makeResults(this, logged('results'))
        : Bucket.fromBucketName(this, 'Results', resultsBucket);
  }
}

function makeAccessLogs(scope: Construct): Bucket {
  const bucket = new Bucket(scope, 'AccessLogs', {
    ...closed,
    lifecycleRules: [abandonedUploads, { expiration: Duration.days(90) }],
  });
  waive(bucket, 'AwsSolutions-S1', 'It contains the access logs; logs of its own would never end.');
  keepPolicy(bucket);
  return bucket;
}

/** @param replacedDays Days that a replaced or deleted object is kept. */
function makeData(scope: Construct, props: BucketProps, replacedDays: number): IBucket {
  const bucket = new Bucket(scope, 'Data', {
    ...props,
    lifecycleRules: [
      abandonedUploads,
      // A run has pinned the versions of its objects. If one is replaced, the run can be resumed
      // for this time.
      {
        noncurrentVersionExpiration: Duration.days(replacedDays),
        expiredObjectDeleteMarker: true,
      },
    ],
  });
  notifyEventBridge(bucket);
  keepPolicy(bucket);
  return bucket as IBucket; // CDK's own types do not hold under exactOptionalPropertyTypes.
}

function makeResults(scope: Construct, props: BucketProps): IBucket {
  const bucket = new Bucket(scope, 'Results', {
    ...props,
    lifecycleRules: [
      abandonedUploads,
      // No other current object expires: labels, teachers and f₀ serve later runs, and CURRENT
      // may point into any run. Only pointers are replaced; their old versions, and those of
      // deleted objects, expire.
      { noncurrentVersionExpiration: Duration.days(30), expiredObjectDeleteMarker: true },
      // One per minute of a training, with moments three times as large as its model. Of two
      // rules, S3 applies the shorter one.
      {
        prefix: keys.checkpoints(''),
        expiration: Duration.days(checkpointDays),
        noncurrentVersionExpiration: Duration.days(1),
      },
    ],
  });
  keepPolicy(bucket);
  return bucket as IBucket;
}

/**
 * Encrypts a bucket with a key of the user. The bucket's own key saves most requests to KMS. The
 * access logs stay with keys of S3: S3 delivers them to no other bucket.
 */
function encryptedWith(scope: Construct, name: string, kmsKey: string): BucketProps {
  return {
    encryption: BucketEncryption.KMS,
    encryptionKey: Key.fromKeyArn(scope, `${name}-key`, kmsKey),
    bucketKeyEnabled: true,
  };
}

/** Keeps the bucket's policy with the bucket: it refuses requests without TLS, and lets S3 log. */
function keepPolicy(bucket: Bucket): void {
  // enforceSSL has made it.
  bucket.policy!.applyRemovalPolicy(RemovalPolicy.RETAIN);
}

/**
 * Turns on events. The L2 property `eventBridgeEnabled` would make a custom resource: one more
 * function with rights on the bucket, which LocalStack ignores without an error.
 */
function notifyEventBridge(bucket: Bucket): void {
  // Typed as any construct; a Bucket's is always this one.
  const resource = bucket.node.defaultChild as CfnBucket;
  resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
}
