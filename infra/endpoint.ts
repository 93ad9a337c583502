import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { endpoints } from '../src/stages/index.ts';
import { type FunctionsProps, TaskFunction } from './functions.ts';
import { serveGrants } from './permissions.ts';
import type { Storage } from './storage.ts';

export interface EndpointProps extends FunctionsProps {
  readonly storage: Storage;
  /** Name of the dataset, as in the key of its pointer CURRENT. */
  readonly dataset: string;
}

/**
 * URL that predicts with the student in use of one dataset. Only callers that IAM allows to invoke
 * the function can use it; this stack allows none.
 */
export class Endpoint extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, { storage, dataset, ...props }: EndpointProps) {
    super(scope, id);
    const serve = new TaskFunction(this, endpoints.Serve, props, {
      grants: serveGrants(storage, dataset),
      whyNoDeadLetters: 'Its callers wait for the answer, and see the failure.',
      environment: { RESULTS: `s3://${storage.results.bucketName}`, DATASET: dataset },
    });
    this.url = serve.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM }).url;
  }
}
