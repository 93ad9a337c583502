import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { TransientError } from '../errors.ts';
import { keys } from '../run/keys.ts';
import { writeJsonOnce } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import { patient } from '../store/patience.ts';
import {
  type Announcement,
  announcementsOf,
  type ExecutionEnd,
  eventSource,
} from './announcements.ts';
import { runOf } from './executions.ts';

/**
 * Announces the end of an execution on the default event bus, and records that it did. The same
 * end again is not announced again. If the record cannot be written, the next call repeats the
 * events, with the same `execution` and `endedAt`.
 *
 * @param results Location of all runs' results.
 * @returns the types of the events.
 */
export async function announceEnd(end: ExecutionEnd, results: string): Promise<string[]> {
  const store = await openStore(results);
  const record = keys.announced(runOf(end.name), `${end.name}-${end.stopDate.getTime()}`);
  if (await store.head(record)) return [];
  const announcements = await announcementsOf(store, end);
  const client = new EventBridgeClient(patient());
  // One per request: AWS then checks the conditions of the permission for one type of event.
  for (const announcement of announcements) await put(client, announcement, end);
  const events = announcements.map(({ type }) => type);
  await writeJsonOnce(store, record, { execution: end.executionArn, events });
  return events;
}

async function put(client: EventBridgeClient, { type, detail }: Announcement, end: ExecutionEnd) {
  const entry = {
    Source: eventSource,
    DetailType: type,
    Detail: JSON.stringify(detail),
    Resources: [end.executionArn],
    Time: end.stopDate,
  };
  const { FailedEntryCount, Entries } = await client.send(
    new PutEventsCommand({ Entries: [entry] }),
  );
  if (!FailedEntryCount) return;
  throw new TransientError(`EventBridge refused the event ${type}: ${Entries?.[0]?.ErrorCode}`);
}
