/**
 * A simulated bucket behind S3's protocol: node listing-server.js FOLDER IMAGES BYTES
 *
 * Sends its port to the parent process, and ends with it.
 */
import { createServer } from 'node:http';
import { type Page, type SimulatedObject, simulateBucket } from './simulated-bucket.ts';

const [folder = '', images = '', bytes = ''] = process.argv.slice(2);
const bucket = simulateBucket(folder, Number(images), Number(bytes));

const element = (name: string, content: string | number | boolean) =>
  `<${name}>${content}</${name}>`;

function versionXml({ key, version, bytes }: SimulatedObject): string {
  return element(
    'Version',
    [
      ...[element('Key', key), element('VersionId', version), element('IsLatest', true)],
      element('LastModified', '2026-01-01T00:00:00.000Z'),
      ...[element('ETag', `&quot;${version}&quot;`), element('Size', bytes)],
      element('StorageClass', 'STANDARD'),
    ].join(''),
  );
}

function pageXml({ objects, isTruncated }: Page): string {
  const last = objects.at(-1);
  const next =
    isTruncated && last
      ? element('NextKeyMarker', last.key) + element('NextVersionIdMarker', last.version)
      : '';
  const versions = objects.map(versionXml).join('');
  return element('ListVersionsResult', element('IsTruncated', isTruncated) + next + versions);
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
  if (searchParams.has('versions')) {
    const marker = searchParams.get('key-marker') ?? undefined;
    response.end(pageXml(bucket.page(searchParams.get('prefix') ?? '', marker)));
    return;
  }
  const object = bucket.read(decodeURIComponent(pathname).split('/').slice(2).join('/'));
  if (object === undefined) {
    response.writeHead(404).end(element('Error', element('Code', 'NoSuchKey')));
    return;
  }
  const { version, bytes, content } = object;
  const headers = { etag: `"${version}"`, 'x-amz-version-id': version, 'content-length': bytes };
  response.writeHead(200, headers).end(content);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.send!(address!.port);
});
process.on('disconnect', () => process.exit());
