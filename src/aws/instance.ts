// The EC2 instance of this process, as its metadata service (IMDSv2) describes it.
import { z } from 'zod';

/** Interval that AWS recommends, in ms; a notice comes two minutes before the interruption. */
const pollIntervalMs = 5_000;

const timeoutMs = 1_000;
const attempts = 3;

/** EC2 instance. */
export interface Instance {
  /** Instance type, such as 'g6.xlarge'. */
  readonly type: string;
  readonly lifeCycle: 'spot' | 'ondemand';
}

/** Describes this instance. @returns undefined if its metadata service cannot be reached. */
export async function findInstance(): Promise<Instance | undefined> {
  if (process.env.AWS_EC2_METADATA_DISABLED === 'true') return undefined;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const type = await read('instance-type').catch(() => undefined);
    const lifeCycle = type && (await read('instance-life-cycle').catch(() => undefined));
    if (lifeCycle) return { type, lifeCycle: lifeCycle === 'spot' ? 'spot' : 'ondemand' };
  }
  return undefined;
}

/**
 * Checks every five seconds for the notice that a Spot instance will be reclaimed.
 * @param onNotice called once, with the time of the interruption.
 */
export function watchReclaim(onNotice: (at: Date) => void): { stop(): void } {
  let stopped = false;
  const look = async () => {
    // A failed check is ignored: the next one follows in five seconds.
    const at = await reclaimTime().catch(() => undefined);
    if (!at || stopped) return;
    stop();
    onNotice(at);
  };
  const timer = setInterval(look, pollIntervalMs);
  const stop = () => {
    stopped = true;
    clearInterval(timer);
  };
  void look();
  return { stop };
}

const noticeSchema = z.object({ time: z.coerce.date() });

async function reclaimTime(): Promise<Date | undefined> {
  const notice = await read('spot/instance-action');
  return notice === undefined ? undefined : noticeSchema.parse(JSON.parse(notice)).time;
}

/** Reads an entry of the metadata. @returns undefined if it does not exist. */
async function read(entry: string): Promise<string | undefined> {
  const { AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint = 'http://169.254.169.254' } = process.env;
  const get = (path: string, init: RequestInit) =>
    fetch(new URL(path, endpoint), { ...init, signal: AbortSignal.timeout(timeoutMs) });
  const lifetime = { 'X-aws-ec2-metadata-token-ttl-seconds': '60' };
  const token = await get('/latest/api/token', { method: 'PUT', headers: lifetime });
  const headers = { 'X-aws-ec2-metadata-token': await token.text() };
  const response = await get(`/latest/meta-data/${entry}`, { headers });
  const body = await response.text();
  return response.ok ? body : undefined;
}
