import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Duration, Size } from 'aws-cdk-lib';
import { type PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  type CfnFunction,
  Code,
  Handler,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { functionTimeoutSeconds } from '../src/cost/functions.ts';
import { UserError } from '../src/errors.ts';
import { packageRoot } from '../src/package-root.ts';
import type { FunctionRow } from '../src/stages/stage.ts';
import type { Image } from './images.ts';
import { waive } from './nag.ts';
import { metricsNamespace, type Names } from './names.ts';
import { type FunctionNetwork, keyGrants, networkGrants, writeTraces } from './permissions.ts';
import { makeRole } from './role.ts';
import { allow } from './statement.ts';

/** Properties that all functions share. */
export interface FunctionsProps {
  readonly names: Names;
  readonly logs: ILogGroup;
  /** ARN of the key of the buckets; undefined if they have keys of S3. */
  readonly kmsKey: string | undefined;
  /** Network of the functions; undefined for none. */
  readonly network: FunctionNetwork | undefined;
  /** Image of the functions with native code; undefined on LocalStack, where they are zips too. */
  readonly image: Image | undefined;
}

interface OwnProps {
  /** Permissions besides writing logs and traces. */
  readonly grants: PolicyStatement[];
  /** Why the function needs no dead-letter queue of its own. */
  readonly whyNoDeadLetters: string;
  /** Variables besides those that all functions have. Default: none. */
  readonly environment?: Record<string, string>;
}

/**
 * Function of one row of `src/stages/index.ts`. All functions have the same bundle, and the
 * variable TASK names the row. Functions with native code are container images on AWS. On
 * LocalStack they are zips, since it takes native packages from this machine. All other functions
 * are zips everywhere.
 *
 * No function has reserved concurrency. AWS keeps 100 of an account's concurrent executions
 * unreserved, and many accounts have no more, so that a reservation could not be deployed. The
 * limits are the maxima of the workflow's Maps, and the retries of throttled calls.
 */
export class TaskFunction extends LambdaFunction {
  constructor(
    scope: Construct,
    { name, memoryMiB, native, scratchGiB }: FunctionRow,
    { names, logs, kmsKey, network, image }: FunctionsProps,
    { environment, grants, whyNoDeadLetters }: OwnProps,
  ) {
    super(scope, `${name}Function`, {
      ...(image && native ? inImage(image) : inZip()),
      description: `counterweight: ${name}`,
      role: makeRole(scope, `${name}Role`, new ServicePrincipal('lambda.amazonaws.com'), [
        allow('WriteLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], [logs.logGroupArn]),
        writeTraces(),
        ...keyGrants(kmsKey),
        ...networkGrants(network),
        ...grants,
      ]),
      architecture: Architecture.X86_64,
      memorySize: memoryMiB,
      timeout: Duration.seconds(functionTimeoutSeconds),
      ...(scratchGiB !== undefined && { ephemeralStorageSize: Size.gibibytes(scratchGiB) }),
      tracing: Tracing.ACTIVE,
      logGroup: logs,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      environment: {
        TASK: name,
        // Otherwise onnxruntime sends telemetry.
        ORT_DISABLE_TELEMETRY: '1',
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: names.machine,
        POWERTOOLS_METRICS_NAMESPACE: metricsNamespace,
        ...environment,
      },
    });
    waive(this, 'Serverless-LambdaDLQ', whyNoDeadLetters);
    if (network) this.#join(network);
  }

  /** Joins a network by its ids: the L2 property would look it up in the account. */
  #join({ subnets, securityGroups }: FunctionNetwork): void {
    // Typed as any construct; a function's is always this one.
    const resource = this.node.defaultChild as CfnFunction;
    resource.vpcConfig = { subnetIds: [...subnets], securityGroupIds: [...securityGroups] };
  }
}

function inZip() {
  const bundle = join(packageRoot, 'dist', 'lambda');
  if (!existsSync(bundle)) {
    throw new UserError(
      `the functions are not built: there is no ${bundle}`,
      'Build them with: npm run setup',
    );
  }
  return {
    code: Code.fromAsset(bundle),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
  };
}

function inImage({ repository, tagOrDigest }: Image) {
  return {
    code: Code.fromEcrImage(repository, { tagOrDigest }),
    handler: Handler.FROM_IMAGE,
    runtime: Runtime.FROM_IMAGE,
  };
}
