import { PolicyStatement, type PolicyStatementProps } from 'aws-cdk-lib/aws-iam';

/**
 * Purpose of each statement of a policy, by its Sid. docs/permissions.md shows it as the reason,
 * and so does cdk-nag's waiver of every wildcard in the statement.
 */
export const purposes = {
  WriteLogs: 'Its log lines, in the log group of all functions.',
  WriteTraces: 'Its traces. X-Ray has no resources to name.',
  UseKey: 'The objects in both buckets are encrypted with this key. S3 uses it for the role.',
  JoinNetwork:
    'Lambda connects the function to the subnets. Most of these actions have no narrower resource.',
  RecordUsage: 'The use of the call, for the bill. Reads only whether the record exists.',
  KeepMessages:
    'The message of its error, which its log does not contain. Reads only whether it exists.',
  KnowMissingData:
    'S3 answers "not found" only to a role that may list, and "forbidden" to others.',
  KnowMissingResults:
    'S3 answers "not found" only to a role that may list, and "forbidden" to others.',
  ReadConfigs: 'The config of the run.',
  ListBatches: 'The folders of the batches.',
  ReadMarkers: 'Which batches have a marker, and its version.',
  StartRun: 'One execution per batch.',
  ListTurns: 'The datasets whose turn may have to be passed on.',
  ListData: 'The objects and their versions.',
  CloseBatches: 'Adds the marker that an upload left out. Reads only whether it exists.',
  ReadData: 'The objects that the plan has pinned, in the versions that it has pinned.',
  ReadResults: 'Results of earlier stages. By version, to resume after a dropped connection.',
  ListUsage: 'The use of all calls of the run.',
  WriteResults: 'Results of this stage; written once, so that a second call changes nothing.',
  WatchExecution: 'Stops training for an execution that was aborted.',
  ReadConcurrency:
    'How many functions the account may run at once, so that shards are not throttled. It has no narrower resource.',
  SeeEnd: 'Whether an execution runs, and how it ended: an event may be late.',
  KeepFailedEvents: 'An event that it could not handle goes to the dead-letter queue.',
  Announce: 'Its events, of its own types and under its own name, on the default bus.',
  CallFunctions: 'One function per state.',
  ReadManifests: 'The lists of shards for the distributed Maps.',
  StartShards: 'A distributed Map starts one execution of the same machine per shard.',
  FollowShards: 'The Map waits for it, or stops it if the run is aborted.',
  RedriveShards: 'A redriven run resumes the shards that failed.',
  WaitForJobs:
    'Step Functions learns the end of a job from this rule. AWS requires it when the machine is created, used or not.',
  SubmitJobs: 'One training job per student, in this queue and of this definition only.',
  DescribeJobs: 'The result of the job. AWS Batch has no narrower resource for it.',
  StopJobs: 'Aborting the run ends its job and releases the GPU. Job ids are not known in advance.',
  DeliverLogs: 'Logs of the executions. AWS has no narrower resource for log deliveries.',
  RegisterInstance: "ECS's agent on the instance, in the cluster that AWS Batch creates and names.",
  TagInstance: 'The tags with which it registers. Its cluster is not known in advance.',
  SignInToRegistry: 'A token for pulling images. It has no narrower resource.',
  PullImage: "The trainer's image.",
  WriteJobLogs: "The job's log lines.",
  WriteFlowLogs: "The records of the network's connections.",
} satisfies Record<string, string>;
export type Purpose = keyof typeof purposes;

/** Makes a statement that allows `actions` on `resources`, for the purpose that is its Sid. */
export function allow(
  purpose: Purpose,
  actions: string[],
  resources: string[],
  conditions?: PolicyStatementProps['conditions'],
): PolicyStatement {
  return new PolicyStatement({
    sid: purpose,
    actions,
    resources,
    ...(conditions && { conditions }),
  });
}
