import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Duration, Size } from 'aws-cdk-lib';
import { type PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Handler,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import {
  type FunctionName,
  functionMemoryMiB,
  functionTimeoutSeconds,
} from '../src/cost/functions.ts';
import { UserError } from '../src/errors.ts';
import { packageRoot } from '../src/package-root.ts';
import type { Image } from './images.ts';
import { waive } from './nag.ts';
import { machineName } from './names.ts';
import { functionGrants, writeTraces } from './permissions.ts';
import { makeRole } from './role.ts';
import { allow } from './statement.ts';
import type { Storage } from './storage.ts';

/** Stages that use TensorFlow, ONNX or sharp, whose libraries do not fit into a zip. */
export const native = ['Plan', 'TrainTeacher', 'Label', 'WarmUp', 'Weigh', 'Train', 'Evaluate'];

/** Label keeps the teacher's files in /tmp. Other functions have the 512 MiB that cost nothing. */
const scratch: Partial<Record<FunctionName, Size>> = { Label: Size.gibibytes(4) };

/** What all functions share. */
export interface FunctionsProps {
  readonly storage: Storage;
  readonly logs: ILogGroup;
  /** For the functions with native code. None on LocalStack, where they are zips too. */
  readonly image: Image | undefined;
}

interface OwnProps {
  readonly environment?: Record<string, string>;
  readonly grants?: PolicyStatement[];
}

/**
 * The function of one task: the one bundle, told by TASK which stage it is. Stages with native code
 * are container images on AWS and zips on LocalStack, which takes native packages from this
 * machine; all others are zips everywhere. `src/cost/functions.ts` has the memory of each.
 *
 * None has reserved concurrency: AWS keeps 100 of an account's concurrent executions unreserved, and
 * many accounts have no more than that, so a reservation could not be deployed. The brake is the
 * maps' MaxConcurrency in the workflow, and the retry of what Lambda throttles.
 */
export class TaskFunction extends LambdaFunction {
  constructor(
    scope: Construct,
    task: FunctionName,
    { storage, logs, image }: FunctionsProps,
    { environment, grants = [] }: OwnProps = {},
  ) {
    const ephemeralStorageSize = scratch[task];
    super(scope, `${task}Function`, {
      ...(image && native.includes(task) ? inImage(image) : inZip()),
      description: `counterweight: ${task}`,
      role: makeRole(scope, `${task}Role`, new ServicePrincipal('lambda.amazonaws.com'), [
        allow('WriteLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], [logs.logGroupArn]),
        writeTraces(),
        ...functionGrants[task](storage),
        ...grants,
      ]),
      architecture: Architecture.X86_64,
      memorySize: functionMemoryMiB[task],
      timeout: Duration.seconds(functionTimeoutSeconds),
      ...(ephemeralStorageSize && { ephemeralStorageSize }),
      tracing: Tracing.ACTIVE,
      logGroup: logs,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      environment: {
        TASK: task,
        // onnxruntime sends telemetry otherwise.
        ORT_DISABLE_TELEMETRY: '1',
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: machineName,
        POWERTOOLS_METRICS_NAMESPACE: machineName,
        ...environment,
      },
    });
    waive(
      this,
      'Serverless-LambdaDLQ',
      task === 'Start' || task === 'Sweep'
        ? 'It has a failure destination, which keeps the error beside the event.'
        : 'Step Functions calls it synchronously, retries it, and records its failure.',
    );
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
