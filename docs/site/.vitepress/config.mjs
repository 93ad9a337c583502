/** Site of the documents of the repository. Its pages request nothing from other hosts. */
import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';

/** Lists the documents in the order of docs/README.md, by their links there. */
function documents() {
  const index = readFileSync(new URL('../pages/docs/README.md', import.meta.url), 'utf8');
  return [...index.matchAll(/^\| \[([^\]]+)\]\(([^)]+)\)/gm)].map(([, text, link]) => ({
    text: text.replace(/\.md$/, ''),
    link: new URL(link, 'https://site/docs/').pathname.replace(/\.md$/, ''),
  }));
}

/** Returns whether a link leads to another file than a page, such as a config or a program. */
const isFile = (link) => !/^[^#]*(?:\/|\.md|\/[\w-]+)(?:#.*)?$/.test(link);

export default defineConfig({
  title: 'counterweight',
  description: 'Weighted distillation with unlabeled examples',
  srcDir: 'pages',
  outDir: 'dist',
  rewrites: { 'README.md': 'index.md', 'docs/README.md': 'docs/index.md' },
  ignoreDeadLinks: [isFile],
  themeConfig: {
    search: { provider: 'local' },
    sidebar: [{ text: 'Documentation', items: documents() }],
    outline: [2, 3],
  },
});
