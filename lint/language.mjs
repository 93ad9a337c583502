/** Finds wording that CONTRIBUTING.md rules out, in comments, texts for users and documents. */
import { parseSync, Visitor } from 'oxc-parser';

/** @typedef {import('./imports.mjs').Source} Source */

/**
 * Text that a person reads. Marks of comments and code are blank in it, so that an offset in the
 * text plus `start` is an offset in the file.
 *
 * @typedef {object} Prose
 * @property {number} start
 * @property {string} text
 * @property {'docblock' | 'comment' | 'string' | 'document'} kind
 */

/**
 * @typedef {object} Rule
 * @property {RegExp} pattern Matched against prose in which line breaks are spaces.
 * @property {string} instead
 * @property {readonly Prose['kind'][]} [kinds] Default: every kind.
 */

const thing =
  'archive|batch|call|class|command|day|draw|epoch|example|fold|function|hour|line|minute';
const more =
  'month|object|process|role|row|run|second|shard|stage|state|step|student|task|teacher|test';
const noun =
  '(?!(?:of|in|as|with|that|is|and|to|from|for|by|on|at|like|marks|after|before)\\b)\\w+';

/** @type {readonly Rule[]} */
const rules = [
  {
    pattern: /^\W*(?:Of|What|That|How|So (?:many|much|few|long)|Where|Who(?:ever)?)\b/g,
    instead: 'start with a verb (a function) or a noun (a type, a field)',
    kinds: ['docblock'],
  },
  {
    pattern: /^\W*(?:Of|So (?:many|much|few|long)|Whoever)\b/g,
    instead: 'start with the subject or the verb',
    kinds: ['comment', 'string'],
  },
  {
    pattern:
      /(?<!\bthere\s)\b(?:is|are|was|were)\sno\s(?!(?:longer|more|less|better|worse|larger|smaller|greater|lower|higher|later|earlier|fewer|faster|slower|shorter|wider|different)\b)\w+/gi,
    instead: '"is not a ..." or "there is no ..."',
  },
  { pattern: /\banew\b/gi, instead: '"again" or "recomputed"' },
  { pattern: /\b(?:go|goes|going|went|gone)\son\b/gi, instead: '"continue" or "resume"' },
  { pattern: /\bbrought\b/gi, instead: '"user-supplied", or the verb that names what happened' },
  {
    pattern: /\b(?:nobody|somebody|whoever)\b/gi,
    instead: 'the actor: the caller, Plan, the user',
  },
  { pattern: /\bone\sthat\b/gi, instead: 'the noun itself' },
  { pattern: /\btold\b/gi, instead: '"given", "set", "reported" or "default: ..."' },
  { pattern: /\basked\b/gi, instead: '"requested", "called" or "queried"' },
  {
    pattern: /\b(?:says|tells|tell\s(?:of|where|how|whether|why|what|which))\b/gi,
    instead: '"returns", "reads", "reports", "shows" or "states"',
  },
  { pattern: /\berrs\b/gi, instead: '"is wrong" or "misclassifies"' },
  {
    pattern: new RegExp(
      `\\b(?:one|once|twice|times|bytes|seconds|rows|examples)\\s(?:${noun}\\s)?an?\\s(?:${thing}|${more})\\b`,
      'gi',
    ),
    instead: '"per"',
  },
];

/** Columns of a comment's line, as for code. A line with an address may be longer. */
const maxColumns = 100;

/**
 * Lists the findings in one file, as "file:line: what: what to write instead".
 *
 * @param {Source} source A TypeScript or JavaScript module, or a document.
 * @returns {string[]}
 * @example
 * checkLanguage({ file: 'a.ts', text: '// It `errs`.' }); // []
 */
export function checkLanguage({ file, text }) {
  const isModule = /\.(ts|mjs)$/.test(file);
  const parsed = isModule ? parseSync(file, text) : undefined;
  const prose = parsed ? moduleProse(text, parsed) : [documentProse(text)];
  const findings = [
    ...prose.flatMap(ruledOut),
    ...(parsed ? [...longComments(text, parsed.comments), ...indexNames(parsed.program)] : []),
  ];
  return findings
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, found, instead }) => {
      const line = text.slice(0, offset).split('\n').length;
      return `${file}:${line}: "${found}": write ${instead}`;
    });
}

/** @param {Prose} prose */
function ruledOut({ start, text, kind }) {
  const flat = text.replaceAll('\n', ' ');
  return rules.flatMap(({ pattern, instead, kinds }) => {
    if (kinds && !kinds.includes(kind)) return [];
    const spaced = new RegExp(pattern.source.replaceAll('\\s', '\\s+'), pattern.flags);
    return [...flat.matchAll(spaced)].map((match) => {
      const found = match[0].replace(/^\W+/, '');
      const offset = start + match.index + match[0].length - found.length;
      return { offset, found: found.replace(/\s+/g, ' '), instead };
    });
  });
}

/**
 * @param {string} text
 * @param {import('oxc-parser').ParseResult} parsed
 * @returns {Prose[]}
 */
function moduleProse(text, { comments, program }) {
  /** @type {Prose[]} */
  const prose = joined(text, comments).map(({ start, end }) => {
    const comment = text.slice(start, end);
    const kind = comment.startsWith('/**') ? 'docblock' : 'comment';
    return { start, text: withoutCode(withoutMarks(comment)), kind };
  });
  /** @param {{ start: number, end: number }} node */
  const add = ({ start, end }) => {
    const string = text.slice(start, end);
    if (/\w+\s+\w+\s+\w+/.test(string)) {
      prose.push({ start, text: withoutCode(string), kind: 'string' });
    }
  };
  new Visitor({
    Literal: (node) => {
      if (typeof node.value === 'string') add(node);
    },
    TemplateElement: add,
  }).visit(program);
  return prose;
}

/**
 * Lists the comments; neighbouring `//` lines count as one.
 *
 * @param {string} text
 * @param {readonly import('oxc-parser').Comment[]} comments
 */
function joined(text, comments) {
  /** @type {{ start: number, end: number, type: string }[]} */
  const blocks = [];
  for (const { start, end, type } of comments) {
    const last = blocks.at(-1);
    const continues =
      last?.type === 'Line' && type === 'Line' && /^\n[ \t]*$/.test(text.slice(last.end, start));
    if (continues) last.end = end;
    else blocks.push({ start, end, type });
  }
  return blocks;
}

/** @param {string} comment */
function withoutMarks(comment) {
  return comment.replace(/^[ \t]*(?:\/\/|\/?\*+\/?)|\*\/$/gm, blank);
}

/**
 * Reads a document without its blocks of code.
 *
 * @param {string} text
 * @returns {Prose}
 */
function documentProse(text) {
  return {
    start: 0,
    text: withoutCode(text.replace(/^```[\s\S]*?^```/gm, blank)),
    kind: 'document',
  };
}

/** @param {string} text */
function withoutCode(text) {
  return text.replace(/`[^`\n]*`/g, (code) => code.replaceAll(/[^\n]/g, '_'));
}

/** @param {string} text */
function blank(text) {
  return text.replaceAll(/[^\n]/g, ' ');
}

/**
 * @param {string} text
 * @param {readonly import('oxc-parser').Comment[]} comments
 */
function longComments(text, comments) {
  return comments.flatMap(({ start, end }) => {
    const from = text.lastIndexOf('\n', start) + 1;
    let offset = from;
    return text
      .slice(from, end)
      .split('\n')
      .flatMap((line) => {
        const at = offset;
        offset += line.length + 1;
        if (line.length <= maxColumns || line.includes('://')) return [];
        return [{ offset: at, found: `${line.length} columns`, instead: `at most ${maxColumns}` }];
      });
  });
}

/** @param {import('oxc-parser').Program} program */
function indexNames(program) {
  /** @type {{ offset: number, found: string, instead: string }[]} */
  const found = [];
  /** @param {{ name: string, start: number }} node */
  const check = ({ name, start }) => {
    if (!/^places?(?![a-z])|(?<!In|Into|in|into)Places?(?![a-z])/.test(name)) return;
    found.push({ offset: start, found: name, instead: 'index, offset, row, slot or position' });
  };
  new Visitor({ Identifier: check }).visit(program);
  return found;
}
