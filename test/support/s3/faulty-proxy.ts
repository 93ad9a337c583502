import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Fault of one request, instead of a plain answer. */
type Fault =
  /** S3 answers with an error and does nothing. */
  | { readonly answer: number; readonly code: string }
  /** S3 does it, and the connection drops before the answer. */
  | 'lost'
  /** The connection drops after so many bytes of the answer's body. */
  | { readonly cutAfterBytes: number }
  /** The answer's body arrives with one bit wrong. */
  | 'damaged';

export interface FaultyProxy {
  readonly endpoint: string;
  /** Faults of the next requests, in order; requests after them go through. */
  readonly faults: (Fault | 'none')[];
  /** Method and path of every request so far. */
  readonly requests: string[];
  stop(): void;
}

/** An HTTP proxy before an S3 server that misbehaves as networks and S3 do. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const faults: (Fault | 'none')[] = [];
  const requests: string[] = [];
  const server = createServer(async (incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    const fault = faults.shift() ?? 'none';
    const body = await buffer(incoming);
    if (typeof fault === 'object' && 'answer' in fault) {
      outgoing.writeHead(fault.answer, { 'content-type': 'application/xml' });
      outgoing.end(`<Error><Code>${fault.code}</Code><Message>${fault.code}</Message></Error>`);
      return;
    }
    const answer = await forward(target, incoming, body);
    await reply(outgoing, answer, fault);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // listen() on a port gives an AddressInfo, never a pipe's name.
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, faults, requests, stop: () => server.close() };
}

async function forward(
  target: string,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Promise<IncomingMessage> {
  const outgoing = request(new URL(target + url), { method, headers });
  outgoing.end(body);
  const [answer] = await once(outgoing, 'response');
  return answer;
}

async function reply(
  outgoing: ServerResponse,
  answer: IncomingMessage,
  fault: 'none' | 'lost' | 'damaged' | { readonly cutAfterBytes: number },
): Promise<void> {
  const body = await buffer(answer);
  if (fault === 'lost') {
    outgoing.destroy();
    return;
  }
  outgoing.writeHead(answer.statusCode ?? 500, { ...answer.headers, connection: 'close' });
  if (typeof fault === 'object') {
    outgoing.write(body.subarray(0, fault.cutAfterBytes), () => outgoing.destroy());
    return;
  }
  if (fault === 'damaged' && body.length > 0) body[0] = (body[0] ?? 0) ^ 1;
  outgoing.end(body);
}
