/** A piece of HTML or SVG that needs no more escaping. Made by `html`, or by `trusted`. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | false | undefined | readonly Part[];

/**
 * Template tag: what is put in is escaped unless it is `Markup`; lists are joined; false and
 * undefined leave nothing. So text from the user's data cannot become markup by an oversight.
 *
 * html`<td>${'<script>'}</td>`.text === '<td>&lt;script&gt;</td>'
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    strings.reduce((text, string, i) => `${text}${textOf(parts[i - 1] ?? '')}${string}`),
  );
}

/** Text of our own that is markup already, such as the style sheet. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

function textOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (part === false || part === undefined) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  return part.map(textOf).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
