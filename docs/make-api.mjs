/** Makes docs/api.md from the docblocks of what the package exports. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync } from 'oxc-parser';

/** The package's entry points, and the sources that they export from. */
const entries = [
  { name: 'counterweight', file: 'src/index.ts' },
  { name: 'counterweight/debias', file: 'src/debias/index.ts' },
];

const introduction = `# API

What \`counterweight\` exports, from the comments in the sources: after a change run
\`UPDATE_API=1 npx vitest run test/docs/api.test.ts\`. Everything is an ES module with types.`;

/**
 * An exported declaration.
 *
 * @typedef {object} Declaration
 * @property {string} name
 * @property {string} signature Its source, without the bodies of functions.
 * @property {string} text The docblock, without its tags.
 * @property {{ name: string, text: string }[]} tags
 */

/** @param {string} root Folder of the package. */
export function apiDocument(root) {
  const sections = entries.map(({ name, file }) => {
    const { comments, program } = parse(root, file);
    const [first] = comments;
    const about = first && first.end <= (program.body[0]?.start ?? 0) ? first.value : '';
    const declarations = exportsOf(root, file).map((declaration) => section(declaration, name));
    return `## \`${name}\`\n\n${docblock(about).text}\n\n${declarations.join('\n\n')}`;
  });
  return `${[introduction, ...sections].join('\n\n')}\n`;
}

/**
 * Returns the examples of all exported functions, each as a module.
 *
 * @param {string} root
 */
export function apiExamples(root) {
  return entries.flatMap(({ name: entry, file }) =>
    exportsOf(root, file).flatMap(({ name, tags }) =>
      tags
        .filter((tag) => tag.name === 'example')
        .map(({ text }) => ({ name, text: withImport(text, name, entry) })),
    ),
  );
}

/**
 * @param {string} root
 * @param {string} file
 */
function parse(root, file) {
  const source = readFileSync(path.join(root, file), 'utf8');
  const { comments, module, program } = parseSync(file, source);
  return { source, comments, module, program };
}

/**
 * The declarations that an entry point exports: functions and classes first, then types.
 *
 * @param {string} root
 * @param {string} entry
 * @returns {Declaration[]}
 */
function exportsOf(root, entry) {
  const found = parse(root, entry).module.staticExports.flatMap(({ entries }) =>
    entries.map(({ moduleRequest, importName, exportName, isType }) => {
      const file = path.join(path.dirname(entry), moduleRequest?.value ?? '');
      const name = exportName.name ?? '';
      return { isType, ...declarationOf(root, file, importName.name ?? '', name) };
    }),
  );
  return [...found.filter(({ isType }) => !isType), ...found.filter(({ isType }) => isType)];
}

/**
 * @param {string} root
 * @param {string} file
 * @param {string} name Name in the file.
 * @param {string} exported Name in the package.
 * @returns {Declaration}
 */
function declarationOf(root, file, name, exported) {
  const { source, comments, program } = parse(root, file);
  for (const node of program.body) {
    if (node.type !== 'ExportNamedDeclaration' || !node.declaration) continue;
    const { declaration } = node;
    if (!('id' in declaration) || declaration.id?.type !== 'Identifier') continue;
    if (declaration.id.name !== name) continue;
    const comment = comments.findLast(
      ({ end }) => end < node.start && source.slice(end, node.start).trim() === '',
    );
    const signature = onOneLine(withoutBodies(source, declaration).replace(name, exported));
    return { name: exported, signature, ...docblock(comment?.value ?? '') };
  }
  throw new Error(`${file} does not declare ${name}`);
}

/**
 * @param {string} source
 * @param {import('oxc-parser').Declaration} declaration
 */
function withoutBodies(source, declaration) {
  const members = declaration.type === 'ClassDeclaration' ? declaration.body.body : [];
  const functions = members.flatMap((m) => (m.type === 'MethodDefinition' ? [m.value] : []));
  if (declaration.type === 'FunctionDeclaration') functions.push(declaration);
  const bodies = functions.flatMap(({ body }) => body ?? []);
  let text = '';
  let end = declaration.start;
  for (const body of bodies) {
    text += `${source.slice(end, body.start).trimEnd()};`;
    ({ end } = body);
  }
  return (text + source.slice(end, declaration.end)).trim();
}

/**
 * Puts the parameters of a function on one line if they fit, as the formatter does: without the
 * word `export` and the body, a signature is shorter than in the source.
 *
 * @param {string} signature
 */
function onOneLine(signature) {
  const found = /^((?:async )?function \w+\()\n([^{}]*),\n(\).*)$/.exec(signature);
  if (!found) return signature;
  const [, head, parameters = '', tail] = found;
  const line = head + parameters.trim().replace(/\n\s*/g, ' ') + tail;
  return line.length <= 100 ? line : signature;
}

/** @param {string} comment The text between the marks of a comment. */
function docblock(comment) {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, ''));
  const [text = '', ...tags] = lines.join('\n').split(/^@(?=\w)/m);
  return {
    text: text.trim(),
    tags: tags.map((tag) => {
      const [, name = '', rest = ''] = /^(\w+)\s*([\s\S]*)$/.exec(tag) ?? [];
      return { name, text: rest.trim() };
    }),
  };
}

/**
 * @param {Declaration} declaration
 * @param {string} entry
 */
function section({ name, signature, text, tags }, entry) {
  const of = (/** @type {string} */ wanted) => tags.filter((tag) => tag.name === wanted);
  const flat = (/** @type {string} */ words) => words.replace(/\s+/g, ' ');
  const facts = [
    ...of('param').map((tag) => flat(tag.text).replace(/^(\S+) /, '- `$1`: ')),
    ...of('returns').map((tag) => `- Returns ${flat(tag.text)}`),
    ...of('throws').map((tag) => `- Throws ${flat(tag.text)}`),
  ];
  const examples = of('example').map((tag) => code(withImport(tag.text, name, entry)));
  const parts = [`### \`${name}\``, text, code(signature), facts.join('\n'), ...examples];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** @param {string} text */
function code(text) {
  return `\`\`\`ts\n${text}\n\`\`\``;
}

/**
 * @param {string} example
 * @param {string} name
 * @param {string} entry
 */
function withImport(example, name, entry) {
  if (example.includes(`from '${entry}'`)) return example;
  return `import { ${name} } from '${entry}';\n\n${example}`;
}
