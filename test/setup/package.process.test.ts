/** The files in the npm package. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';

const root = resolve(import.meta.dirname, '../..');

/** Output of `npm pack --json`. */
const packed = z.tuple([z.object({ files: z.array(z.object({ path: z.string() })) })]);

function packedFiles(): string[] {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const [{ files }] = packed.parse(
    JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' })),
  );
  return files.map(({ path }) => path);
}

test('has documents, examples and types, whose links lead to files of the package', () => {
  const files = packedFiles();
  expect(files).toContain('examples/digits/distill.yaml');
  expect(files).toContain('examples/reviews/test/reviews.csv');
  expect(files).toContain('dist/src/index.d.ts');
  expect(files.filter((file) => /^(test|evidence|bench|src)\//.test(file))).toEqual([]);
  const documents = files.filter((file) => file.endsWith('.md'));
  expect(documents.length).toBeGreaterThan(15);
  const broken = documents.flatMap((document) =>
    linksIn(document)
      .filter((link) => !isPacked(files, link))
      .map((link) => `${document}: ${link}`),
  );
  expect(broken).toEqual([]);
});

/** Lists the files and folders that a document links to, as paths in the package. */
function linksIn(document: string): string[] {
  const text = readFileSync(join(root, document), 'utf8');
  const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link]) => link!);
  const relative = links.filter((link) => !/^[a-z]+:/.test(link));
  return relative.map((link) => posix.normalize(posix.join(posix.dirname(document), link)));
}

function isPacked(files: readonly string[], path: string): boolean {
  const folder = `${path.replace(/\/$/, '')}/`;
  return files.some((file) => file === path || file.startsWith(folder));
}
