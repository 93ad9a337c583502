/**
 * The script of the page on which people label examples: plain JavaScript, because the page has no
 * other file. Texts of the data go in through `textContent` only, so they never become markup.
 */
import { unmarkedStart } from '../../data/spreadsheet-text.ts';
import { trusted } from '../html.ts';

export const pageScript = trusted(`
const { run, classes, many, examples } = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);
const storageKey = 'counterweight labels of ' + run;
const answers = read();
let at = Math.max(0, examples.findIndex(({ id }) => !answers.has(id)));

// A browser may refuse storage to a page that is a file.
function read() {
  try { return new Map(JSON.parse(localStorage.getItem(storageKey))); } catch { return new Map(); }
}
function store() {
  try { localStorage.setItem(storageKey, JSON.stringify([...answers])); } catch {}
}

function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function contentOf({ id, picture, cells, text }) {
  if (picture) {
    const image = make('img', picture.small ? 'pixels' : '');
    image.src = picture.src;
    image.alt = 'Example ' + id;
    return image;
  }
  if (text !== undefined) return make('p', 'words', text);
  if (!cells) return make('p', 'words', 'Its content is not in this page: look at the file.');
  const table = make('table');
  for (const [name, value] of cells) {
    const row = table.insertRow();
    const head = make('th', '', name);
    head.scope = 'row';
    row.append(head, make('td', '', value));
  }
  return table;
}

// A class of one character has that key: the key 7 must not choose the seventh of the digits, 6.
const keys = classes.map((name, index) => {
  const place = String(index + 1);
  if ([...name].length === 1) return name;
  return index < 9 && !classes.includes(place) ? place : undefined;
});

function choose(index) {
  const name = classes[index];
  const { id } = examples[at];
  if (!many) {
    answers.set(id, [name]);
    move(1);
  } else {
    const given = answers.get(id) ?? [];
    const others = given.filter((other) => other !== name);
    answers.set(id, given.includes(name) ? others : [...given, name]);
    show();
  }
  store();
}

// In a task with several labels, Enter on an example without any means that it has none.
function confirm() {
  const { id } = examples[at];
  if (many && !answers.has(id)) answers.set(id, []);
  store();
  move(1);
}

function move(step) {
  at = Math.min(Math.max(at + step, 0), examples.length - 1);
  show();
}

function show() {
  const example = examples[at];
  const given = answers.get(example.id) ?? [];
  byId('example').replaceChildren(contentOf(example), make('p', 'id', example.id));
  [...byId('classes').children].forEach((button, index) =>
    button.setAttribute('aria-pressed', given.includes(classes[index])));
  const labeled = examples.filter(({ id }) => answers.has(id)).length;
  byId('progress').textContent =
    'Example ' + (at + 1) + ' of ' + examples.length + ', ' + labeled + ' labeled';
  byId('bar').value = labeled;
  byId('save').disabled = labeled === 0;
}

// A spreadsheet must run no text as a formula, and readers trim a field that is not in quotes.
function csvField(value) {
  const text = value.replace(/${unmarkedStart}/gu, "'");
  return /[",\\n\\r]|^\\s|\\s$/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

function csv() {
  const labelOf = (names) => (many ? JSON.stringify(names) : names[0]);
  const rows = examples
    .filter(({ id }) => answers.has(id))
    .map(({ id }) => csvField(id) + ',' + csvField(labelOf(answers.get(id))));
  return ['id,label', ...rows].join('\\n') + '\\n';
}

function save() {
  const link = make('a');
  link.href = URL.createObjectURL(new Blob([csv()], { type: 'text/csv' }));
  link.download = 'labels.csv';
  link.click();
  URL.revokeObjectURL(link.href);
}

classes.forEach((name, index) => {
  const button = make('button', '', name);
  if (keys[index] !== undefined) button.prepend(make('kbd', '', keys[index]), ' ');
  button.onclick = () => choose(index);
  byId('classes').append(button);
});
byId('back').onclick = () => move(-1);
byId('skip').onclick = () => move(1);
byId('confirm').onclick = confirm;
byId('confirm').hidden = !many;
byId('save').onclick = save;
byId('bar').max = examples.length;
// A button keeps the focus only if the keyboard gave it: after a click, Enter continues.
document.onclick = ({ detail }) => { if (detail > 0) document.activeElement?.blur(); };
document.onkeydown = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  // A key that is held down must not label one example after the other.
  if (event.repeat && !event.key.startsWith('Arrow')) return;
  // These two keys press the button that has the focus.
  if (event.target.tagName === 'BUTTON' && ['Enter', ' '].includes(event.key)) return;
  const actions = { ArrowLeft: () => move(-1), ArrowRight: () => move(1), Enter: confirm };
  const index = keys.indexOf(event.key);
  const action = index >= 0 ? () => choose(index) : actions[event.key];
  if (!action || (event.key === 'Enter' && !many)) return;
  event.preventDefault();
  action();
};
show();
`);
