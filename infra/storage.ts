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
import { waive } from './nag.ts';

/** What an upload that was given up has left behind is paid for, and seen by no listing. */
const abandonedUploads: LifecycleRule = { abortIncompleteMultipartUploadAfter: Duration.days(7) };

const closed: BucketProps = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  encryption: BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  // Data is the user's, and labels are paid for: taking the stack down deletes neither.
  removalPolicy: RemovalPolicy.RETAIN,
};

/** The buckets. All are private, encrypted, reached by TLS only, and outlive the stack. */
export class Storage extends Construct {
  /** Datasets. Tells EventBridge of every object that arrives. */
  readonly data: Bucket;
  /** What runs make; `src/run/keys.ts` spells its keys. */
  readonly results: Bucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const accessLogs = new Bucket(this, 'AccessLogs', {
      ...closed,
      lifecycleRules: [abandonedUploads, { expiration: Duration.days(90) }],
    });
    waive(accessLogs, 'AwsSolutions-S1', 'It holds the access logs; its own would never end.');
    const logged = (name: string): BucketProps => ({
      ...closed,
      versioned: true,
      // CDK's own types do not hold under exactOptionalPropertyTypes.
      serverAccessLogsBucket: accessLogs as IBucket,
      serverAccessLogsPrefix: `${name}/`,
    });
    this.data = new Bucket(this, 'Data', {
      ...logged('data'),
      // Replaced objects stay: a run has pinned their versions, and may be continued later.
      lifecycleRules: [abandonedUploads],
    });
    this.results = new Bucket(this, 'Results', {
      ...logged('results'),
      lifecycleRules: [
        abandonedUploads,
        // No present object expires: labels, teachers and f₀ serve later runs, and CURRENT may point
        // into any run. Only pointers are ever replaced; their history, and what was deleted, ends.
        { noncurrentVersionExpiration: Duration.days(30), expiredObjectDeleteMarker: true },
      ],
    });
    notifyEventBridge(this.data);
  }
}

/**
 * On the L1 resource: the L2 property `eventBridgeEnabled` makes a custom resource, that is, one more
 * function with rights on the bucket, and one that LocalStack skips without a word.
 */
function notifyEventBridge(bucket: Bucket): void {
  // Typed as any construct; a Bucket's is always this one.
  const resource = bucket.node.defaultChild as CfnBucket;
  resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
}
