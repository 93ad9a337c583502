import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Faults of the hub. Default: none. */
export interface HubFaults {
  /** Token that it asks for. */
  token?: string;
  /** Bytes after which the first answer with a large file breaks off. */
  breaksAfter?: number;
  /** Bytes that it sends instead of a file's. */
  sends?: Readonly<Record<string, string>>;
  /** Whether the first answer with a large file breaks off after its last byte. */
  breaksAtEnd?: boolean;
  /** Status of the first answer. */
  firstStatus?: number;
  /** Answers to requests whose path contains the text. */
  answers?: Readonly<Record<string, FaultyAnswer>>;
}

/** An answer that a hub gives in a fault. */
export interface FaultyAnswer {
  /** Default: 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether the connection closes after the body. Default: false. */
  readonly breaks?: boolean;
}

export const commit = 'c0ffee'.padEnd(40, '0');
/** Large files have a SHA-256, and are at another host, as on the hub, which must get no token. */
const isLarge = (name: string) => name.endsWith('.onnx');

function giveAnswer(
  response: ServerResponse,
  { status = 200, headers = {}, body = '', breaks = false }: FaultyAnswer,
): void {
  response.writeHead(status, headers);
  if (breaks) breakOff(response, body);
  else response.end(body);
}

/** Sends a part of an answer, and closes the connection. */
function breakOff(response: ServerResponse, part: string | Buffer): void {
  response.write(part, () => setImmediate(() => response.destroy()));
}

function refuse(response: ServerResponse, status: number, code: string): void {
  giveAnswer(response, { status, headers: { 'x-error-code': code } });
}

type Files = Readonly<Record<string, Uint8Array | string>>;

/** Lists the files of the model, with their digests. */
function listingOf(files: Files): string {
  const siblings = Object.entries(files).map(([rfilename, content]) => {
    const body = Buffer.from(content);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const blobId = createHash('sha1').update(`blob ${body.length}\0`).update(body).digest('hex');
    return isLarge(rfilename) ? { rfilename, lfs: { sha256 } } : { rfilename, blobId };
  });
  return JSON.stringify({ sha: commit, siblings });
}

/** Starts a small hub on loopback with one model, `owner/name`. */
export async function startHub(files: Files, faults: HubFaults) {
  /** Requested paths. */
  const requests: string[] = [];
  let answered = 0;
  let { breaksAfter, breaksAtEnd } = faults;

  function send(name: string, request: IncomingMessage, response: ServerResponse): void {
    const body = Buffer.from(faults.sends?.[name] ?? files[name]!);
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start >= body.length) return void response.writeHead(416).end();
    if (breaksAtEnd && isLarge(name)) {
      breaksAtEnd = false;
      // Without a length, a body ends with a mark of its own.
      breakOff(response, body);
      return;
    }
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': body.length - start });
    if (breaksAfter === undefined || !isLarge(name)) {
      response.end(body.subarray(start));
      return;
    }
    response.write(body.subarray(0, breaksAfter), () => response.destroy());
    breaksAfter = undefined;
  }

  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url!, 'http://hub');
    requests.push(pathname + search);
    if (answered++ === 0 && faults.firstStatus) return refuse(response, faults.firstStatus, '');
    const fault = Object.entries(faults.answers ?? {}).find(([part]) => pathname.includes(part));
    if (fault) return giveAnswer(response, fault[1]);
    if (pathname.startsWith('/cdn/')) {
      if (request.headers.authorization) return refuse(response, 500, 'Leak');
      return send(pathname.slice(5), request, response);
    }
    if (faults.token && request.headers.authorization !== `Bearer ${faults.token}`) {
      return refuse(response, 401, 'RepoNotFound');
    }
    const [, revision] = /^\/api\/models\/owner\/name\/revision\/(.+)$/.exec(pathname) ?? [];
    if (revision === 'main' || revision === commit) {
      return void response.end(listingOf(files));
    }
    if (revision !== undefined) return refuse(response, 404, 'RevisionNotFound');
    const prefix = `/owner/name/resolve/${commit}/`;
    const name = pathname.slice(prefix.length);
    if (!pathname.startsWith(prefix)) return refuse(response, 404, 'RepoNotFound');
    if (!(name in files)) return refuse(response, 404, 'EntryNotFound');
    if (isLarge(name)) {
      const location = `http://localhost:${(server.address() as AddressInfo).port}/cdn/${name}`;
      return void response.writeHead(302, { location }).end();
    }
    send(name, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
