/** Look of a series, such as a model, in all charts of a page. */
interface SeriesStyle {
  /** Colour on a light page. */
  readonly light: string;
  /** Colour on a dark page. */
  readonly dark: string;
  /** Dashes of its line, in SVG's notation. */
  readonly dash: string;
}

/**
 * Ten styles. A search chose the colours. Any two colours on a page have an OKLab distance of at
 * least 0.085, also for people without one kind of cone (Machado et al. 2009). Each has a contrast
 * of at least 3 with its page.
 */
export const seriesStyles: readonly SeriesStyle[] = [
  { light: '#0072b2', dark: '#56b4e9', dash: 'none' },
  { light: '#d55e00', dark: '#f08a3c', dash: '6 4' },
  { light: '#009e73', dark: '#bbff55', dash: '2 4' },
  { light: '#bb1177', dark: '#dd4499', dash: '9 3 2 3' },
  { light: '#443300', dark: '#aacc99', dash: '12 4' },
  { light: '#aa77ff', dark: '#4477ff', dash: '4 2' },
  { light: '#003377', dark: '#ffccff', dash: '9 3 2 3 2 3' },
  { light: '#6622aa', dark: '#8844bb', dash: '1 6' },
  { light: '#006644', dark: '#007755', dash: '12 3 6 3' },
  { light: '#660044', dark: '#bb3300', dash: '16 3 2 3' },
];

/** Returns the CSS class of a series; the eleventh has the style of the first. */
export function seriesClass(series: number): string {
  return `s${series % seriesStyles.length}`;
}

/** Returns the CSS variables with the colours: `--s0: #0072b2; …`. */
export function seriesVariables(page: 'light' | 'dark'): string {
  return seriesStyles.map((style, series) => `--${seriesClass(series)}: ${style[page]};`).join(' ');
}

/** CSS rules of the classes. */
export const seriesRules = seriesStyles
  .map(({ dash }, series) => {
    const name = seriesClass(series);
    return `.${name} { stroke: var(--${name}); } .dot.${name} { fill: var(--${name}); } .line.${name} { stroke-dasharray: ${dash}; }`;
  })
  .join('\n');
