/** HTML or SVG that is escaped already. Created by `html` or `trusted`. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | false | undefined | readonly Part[];

/**
 * Template tag that escapes every value except `Markup`. It joins lists and omits false and
 * undefined. Text from the user's data can therefore not become markup.
 *
 * @example html`<td>${'<script>'}</td>`.text // <td>&lt;script&gt;</td>
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    strings.reduce((text, string, i) => `${text}${textOf(parts[i - 1] ?? '')}${string}`),
  );
}

/** Wraps our own markup, such as the style sheet, without escaping. */
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
