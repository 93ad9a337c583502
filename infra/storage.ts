import { Duration, RemovalPolicy } from 'aws-cdk-lib';
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

/** Deletes parts of aborted multipart uploads, which are billed but in no listing. */
const abandonedUploads: LifecycleRule = { abortIncompleteMultipartUploadAfter: Duration.days(7) };

/** Days that a replaced or deleted object of a dataset is kept. */
const replacedDataDays = 90;

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

/** Buckets of a deployment. All are private, encrypted, accept TLS only, and outlive the stack. */
export class Storage extends Construct {
  /** Datasets. EventBridge receives an event for every object that arrives. */
  readonly data: Bucket;
  /** Results of runs; `src/run/keys.ts` defines the keys. */
  readonly results: Bucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const accessLogs = new Bucket(this, 'AccessLogs', {
      ...closed,
      lifecycleRules: [abandonedUploads, { expiration: Duration.days(90) }],
    });
    waive(
      accessLogs,
      'AwsSolutions-S1',
      'It contains the access logs; logs of its own would never end.',
    );
    const logged = (name: string): BucketProps => ({
      ...closed,
      versioned: true,
      // CDK's own types do not hold under exactOptionalPropertyTypes.
      serverAccessLogsBucket: accessLogs as IBucket,
      serverAccessLogsPrefix: `${name}/`,
    });
    this.data = new Bucket(this, 'Data', {
      ...logged('data'),
      lifecycleRules: [
        abandonedUploads,
        // A run has pinned the versions of its objects. If one is replaced, the run can be resumed
        // for this time.
        {
          noncurrentVersionExpiration: Duration.days(replacedDataDays),
          expiredObjectDeleteMarker: true,
        },
      ],
    });
    this.results = new Bucket(this, 'Results', {
      ...logged('results'),
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
    notifyEventBridge(this.data);
  }
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
