import { html, type Markup, trusted } from './html.ts';

/** Facts about a page besides its body. */
interface PageFacts {
  readonly title: string;
  readonly style: Markup;
  /** Whether the body has scripts. Default: false. */
  readonly hasScripts?: boolean;
}

/** Renders a page of HTML that needs no other file, and whose policy forbids requests. */
export function renderPage({ title, style, hasScripts = false }: PageFacts, body: Markup): string {
  const scripts = trusted(hasScripts ? "script-src 'unsafe-inline'; " : '');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; ${scripts}img-src data:">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`.text;
}
