import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors.ts';
import { FolderStore } from './folder.ts';
import type { VersionKind } from './folder-version.ts';
import type { ObjectStore } from './store.ts';

/**
 * Opens a location: `s3://bucket/prefix`, a folder's path (relative to the working
 * directory), or a `file:` URL. The folder need not exist yet. Loads the AWS SDK only for `s3:`.
 *
 * @param versions Kind of the versions in a folder; S3 has its own. Default: by content.
 * @param links Whether links that lead out of a folder are followed. Default: they are refused.
 * @throws UserError for anything else.
 * @example
 * const data = await openStore('s3://my-bucket/digits');
 * for await (const { key, bytes } of data.list('labeled/')) console.log(key, bytes);
 */
export async function openStore(
  location: string,
  versions?: VersionKind,
  links?: 'follow',
): Promise<ObjectStore> {
  if (location.startsWith('s3://')) {
    const { S3Store } = await import('./s3.ts');
    return new S3Store(location);
  }
  const folder = location.startsWith('file:') ? fileUrlPath(location) : location;
  if (folder === '' || /^(s3:|s3\/\/|arn:|[a-z][a-z0-9+.-]*:\/\/)/i.test(folder))
    throw unknownLocation(location);
  const stats = await stat(folder).catch(() => undefined);
  if (stats && !stats.isDirectory()) {
    throw new UserError(
      `${location} is a file, and a location is a folder`,
      'Name the folder that the file is in.',
    );
  }
  return new FolderStore(folder, versions, links);
}

function fileUrlPath(location: string): string {
  try {
    return fileURLToPath(location);
  } catch {
    throw unknownLocation(location);
  }
}

function unknownLocation(location: string): UserError {
  return new UserError(
    `${JSON.stringify(location)} is not a location`,
    'A location is a folder, such as ./data, or s3://BUCKET/PREFIX.',
  );
}
