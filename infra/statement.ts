import { PolicyStatement, type PolicyStatementProps } from 'aws-cdk-lib/aws-iam';

/**
 * What each statement of a policy is for, by its Sid. The reason stands in docs/permissions.md, and
 * in cdk-nag's waiver of every wildcard that the statement has.
 */
export const purposes = {
  WriteLogs: 'Its log lines, in the one group of all functions.',
  WriteTraces: 'Its traces. X-Ray has no resources that could be named.',
  RecordUsage: 'What the call used, for the bill. Reads only whether it is there already.',
  KnowMissingData: 'S3 answers "not found" only to who may list, and "forbidden" to others.',
  KnowMissingResults: 'S3 answers "not found" only to who may list, and "forbidden" to others.',
  ReadConfigs: 'What the config asks for.',
  ListBatches: 'Which batches have a marker, and which version of it.',
  StartRun: 'One execution a batch.',
  ListData: 'Which objects there are, and their versions.',
  CloseBatches:
    'Puts the marker that an upload did not put. Reads only whether it is there already.',
  ReadData: 'The objects that the plan has pinned, in the versions that it has pinned.',
  ReadResults: 'What earlier stages wrote. By version, to go on after a dropped connection.',
  ListUsage: 'What all calls of the run used.',
  WriteResults: 'What this stage makes; written once, so a second call changes nothing.',
  WatchExecution: 'Stops training for an execution that was aborted.',
  KeepFailedEvents: 'An event that it could not handle goes to the dead-letter queue.',
  CallFunctions: 'One function a state.',
  ReadManifests: 'The lists of shards that the distributed maps go through.',
  StartShards: 'A distributed map starts an execution a shard, of the same machine.',
  FollowShards: 'And waits for it, or stops it when the run is aborted.',
  WaitForJobs:
    'Step Functions hears of the end of a job through this rule. AWS asks for it when the machine is made, used or not.',
  SubmitJobs: 'One training job a student, in this queue and of this definition only.',
  DescribeJobs: 'How the job ended. AWS Batch has no narrower resource for it.',
  StopJobs: 'Aborting the run ends its job, and the GPU. Job ids are not known beforehand.',
  DeliverLogs: 'Logs of the executions. AWS has no narrower resource for log deliveries.',
  RegisterInstance: "ECS's agent on the instance, in the cluster that AWS Batch makes and names.",
  TagInstance: 'The tags that it registers with. Its cluster is not known beforehand.',
  SignInToRegistry: 'A token for pulling images. It has no narrower resource.',
  PullImage: "The trainer's image.",
  WriteJobLogs: "The job's log lines.",
  WriteFlowLogs: "The records of the network's connections.",
} satisfies Record<string, string>;
export type Purpose = keyof typeof purposes;

/** A statement that allows `actions` on `resources`, for the reason that its Sid stands for. */
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
