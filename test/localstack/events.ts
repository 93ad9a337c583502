/** The events and alarms of the deployment, as their receivers see them. */
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { z } from 'zod';
import { eventually } from './deployed.ts';

const logGroupName = '/aws/events/counterweight';

let collecting: Promise<void> | undefined;

/** Keeps all events from the first call on, by a rule like that of docs/events.md. */
export function collectEvents(): Promise<void> {
  collecting ??= collect();
  return collecting;
}

async function collect(): Promise<void> {
  await new CloudWatchLogsClient().send(new CreateLogGroupCommand({ logGroupName }));
  const bus = new EventBridgeClient();
  const Rule = 'collect';
  const EventPattern = JSON.stringify({ source: ['counterweight'] });
  await bus.send(new PutRuleCommand({ Name: Rule, EventPattern }));
  const Arn = `arn:aws:logs:us-east-1:000000000000:log-group:${logGroupName}`;
  await bus.send(new PutTargetsCommand({ Rule, Targets: [{ Id: 'log', Arn }] }));
}

const ourEvent = z.object({
  'detail-type': z.string(),
  resources: z.array(z.string()),
  detail: z.looseObject({ run: z.string() }),
});
type OurEvent = z.infer<typeof ourEvent>;

/** Waits for an event of a run, and returns all of the run so far, the oldest first. */
export function eventsOf(run: string, lastType: string): Promise<OurEvent[]> {
  return eventually(async () => {
    const client = new CloudWatchLogsClient();
    const found: OurEvent[] = [];
    for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName })) {
      found.push(...events.map(({ message }) => ourEvent.parse(JSON.parse(message!))));
    }
    const own = found.filter(({ detail }) => detail.run === run);
    return own.some((event) => event['detail-type'] === lastType) ? own : undefined;
  });
}

/** Sets an alarm as CloudWatch does: LocalStack has no metrics of Step Functions. */
export async function raiseAlarm(name: string): Promise<string> {
  const described = await callCloudWatch({ Action: 'DescribeAlarms' });
  const names = [...described.matchAll(/<AlarmName>([^<]+)<\/AlarmName>/g)];
  const AlarmName = names.map(([, found]) => found!).find((found) => found.includes(name));
  if (!AlarmName) throw new Error(`no alarm is named ${name}`);
  const raised = { AlarmName, StateValue: 'ALARM', StateReason: 'a test' };
  await callCloudWatch({ Action: 'SetAlarmState', ...raised });
  return AlarmName;
}

/** Waits for the e-mail of an alarm. LocalStack confirms subscriptions by itself. */
export function alarmMail(alarm: string): Promise<{ to: string[]; text: string }> {
  return eventually(async () => {
    const response = await fetch(new URL('/_aws/ses', process.env.AWS_ENDPOINT_URL));
    const answer = await response.text();
    // LocalStack knows the path once it has sent a first e-mail.
    if (!answer.startsWith('{')) return undefined;
    const { messages } = mails.parse(JSON.parse(answer));
    return messages.find(({ text }) => text.includes(alarm));
  });
}

const mail = z.object({
  Destination: z.object({ ToAddresses: z.array(z.string()) }),
  Body: z.object({ text_part: z.string() }),
});
const mails = z.object({
  messages: z.array(
    mail.transform(({ Destination, Body }) => ({
      to: Destination.ToAddresses,
      text: Body.text_part,
    })),
  ),
});

/** Calls CloudWatch without its SDK. LocalStack checks no signature. */
async function callCloudWatch(parameters: Record<string, string>): Promise<string> {
  const scope = 'Credential=test/20260101/us-east-1/monitoring/aws4_request';
  const response = await fetch(process.env.AWS_ENDPOINT_URL!, {
    method: 'POST',
    headers: { authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=none` },
    body: new URLSearchParams({ Version: '2010-08-01', ...parameters }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(answer);
  return answer;
}
