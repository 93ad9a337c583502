import { createContext, runInContext } from 'node:vm';
import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import type { Preview } from '../../../src/data/features/preview.ts';
import { renderLabelPage } from '../../../src/evaluate/label-page/page.ts';
import { previewKey } from '../../../src/evaluate/report/previews.ts';

const examples = ['a', 'b', '"c", </script><b>'].map((id) => ({ shard: 's', id }));

function pageOf(classes: readonly string[], isMultiLabel = false, shown = examples): string {
  const text: Preview = { kind: 'text', text: 'a <i>text</i> & more' };
  const previews = new Map([[previewKey(examples[0]!), text]]);
  const page = { run: 'r', dataset: 'd', classes, isMultiLabel, examples: shown };
  return renderLabelPage(page, previews);
}

/** The parts of an element that the script uses. */
class FakeElement {
  textContent = '';
  className = '';
  hidden = false;
  disabled = false;
  onclick = () => {};
  children: FakeElement[] = [];
  append(...children: FakeElement[]) {
    this.children.push(...children);
  }
  prepend() {}
  replaceChildren(...children: FakeElement[]) {
    this.children = children;
  }
  setAttribute() {}
  click() {}
}

/** Opens a page in a fake browser: keys go in, and the saved file comes out. */
function open(page: string) {
  const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)![1]!;
  const script = /<script>(.*)<\/script>/s.exec(page)![1]!;
  const elements = new Map<string, FakeElement>();
  const byId = (id: string) => {
    if (!elements.has(id)) elements.set(id, new FakeElement());
    return elements.get(id)!;
  };
  byId('data').textContent = data;
  let saved: Blob | undefined;
  const document = {
    getElementById: byId,
    createElement: () => new FakeElement(),
    onkeydown: (_: object) => {},
  };
  const URL = {
    createObjectURL: (blob: Blob) => {
      saved = blob;
      return '';
    },
    revokeObjectURL: () => {},
  };
  runInContext(script, createContext({ document, URL, Blob }));
  const press = (key: string, more: object = { target: { tagName: 'BODY' } }) =>
    document.onkeydown({ key, preventDefault: () => {}, ...more });
  const save = async () => {
    byId('save').onclick();
    return saved!.text();
  };
  return { press, save, byId };
}

describe('the page to label', () => {
  test('makes no request, and no text of the data becomes markup', () => {
    const page = pageOf(['cat', '<dog>']);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/https?:|src="|<i>|<b>|<dog>/);
    expect(page.match(/<script/g)).toHaveLength(2);
  });

  test('keys choose classes, and the file has what add-labels reads', async () => {
    const { press, save, byId } = open(pageOf(['cat', 'dog']));
    expect(byId('progress').textContent).toBe('Example 1 of 3, 0 labeled');
    press('2');
    press('ArrowRight');
    press('9');
    press('1');
    expect(byId('progress').textContent).toBe('Example 3 of 3, 2 labeled');
    expect(await save()).toBe('id,label\na,dog\n"""c"", </script><b>",cat\n');
    press('ArrowLeft');
    press('1');
    expect(await save()).toBe('id,label\na,dog\nb,cat\n"""c"", </script><b>",cat\n');
  });

  test('the key of a class of one character is its name', async () => {
    const { press, save } = open(pageOf(['0', '1', '2', 'ten']));
    for (const key of ['1', '9', '4', '0']) press(key);
    const [, a, b, c] = (await save()).split('\n');
    expect([a, b]).toEqual(['a,1', 'b,ten']);
    expect(c).toMatch(/,0$/);
  });

  test('names of fields of every object can be ids, and outer spaces stay', async () => {
    const ids = ['constructor', '__proto__', ' a.png'].map((id) => ({ shard: 's', id }));
    const { press, save, byId } = open(pageOf(['cat', ' '], false, ids));
    expect(byId('progress').textContent).toBe('Example 1 of 3, 0 labeled');
    for (const key of ['1', '1', ' ']) press(key);
    const read = parse(await save(), { columns: true, trim: true });
    expect(read).toEqual([
      { id: 'constructor', label: 'cat' },
      { id: '__proto__', label: 'cat' },
      { id: "' a.png", label: "' " },
    ]);
  });

  test('no id and no class is a formula', async () => {
    const ids = ['=1+1', '-5', "'@x"].map((id) => ({ shard: 's', id }));
    const { press, save } = open(pageOf(['-cat', '-1'], false, ids));
    for (const key of ['1', '2', '1']) press(key);
    expect(await save()).toBe("id,label\n'=1+1,'-cat\n-5,-1\n''@x,'-cat\n");
  });

  test('a key that is held down, or that presses a button, gives no answer', () => {
    const { press, byId } = open(pageOf(['cat', 'dog'], true));
    press('1', { target: { tagName: 'BODY' }, repeat: true });
    press('Enter', { target: { tagName: 'BUTTON' } });
    expect(byId('progress').textContent).toBe('Example 1 of 3, 0 labeled');
    press('ArrowRight', { target: { tagName: 'BODY' }, repeat: true });
    expect(byId('progress').textContent).toBe('Example 2 of 3, 0 labeled');
  });

  test('several labels are a list, and none is an answer', async () => {
    const { press, save } = open(pageOf(['cat', 'dog'], true));
    for (const key of ['1', '2', '1', 'Enter', 'Enter']) press(key);
    expect(await save()).toBe('id,label\na,"[""dog""]"\nb,[]\n');
  });
});
