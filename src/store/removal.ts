/**
 * Returns the command that removes an object if it exists.
 * @example removalOf('s3://bucket/a.json') // "aws s3 rm 's3://bucket/a.json'"
 */
export function removalOf(name: string): string {
  const quoted = `'${name.replaceAll("'", `'\\''`)}'`;
  return `${name.startsWith('s3://') ? 'aws s3 rm' : 'rm -f'} ${quoted}`;
}
