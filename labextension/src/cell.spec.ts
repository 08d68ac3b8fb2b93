import assert from 'node:assert/strict';
import test from 'node:test';

import { commenting, ignoring, isPrompt, magicLine, offersAt, placeholders, promptLines, words } from './cell.js';
import { edited } from './edits.js';

test('a prompt cell begins with %%o1 as IPython takes it', () => {
  for (const text of ['%%o1', '%%o1 -m o3\nx', '\n  \n%%o1\nx', '  %%o1\tx', '\r\n%%o1\r\nx'])
    assert.ok(isPrompt(text), JSON.stringify(text));
  for (const text of ['', '%%o1x', '%o1 lint x', 'x = 1\n%%o1', '%% o1', '# %%o1'])
    assert.ok(!isPrompt(text), JSON.stringify(text));
});

test('a cell of blank lines alone is told in no time', () => {
  const begun = performance.now();
  assert.ok(!isPrompt('   \n'.repeat(50_000)));
  assert.ok(performance.now() - begun < 500);
});

test('the magic line ends before its line break, the prompt begins behind it', () => {
  assert.deepEqual(magicLine('\n%%o1 -m o3\r\nHi'), { start: 1, args: 5, end: 11, body: 13 });
  assert.deepEqual(magicLine('%%o1'), { start: 0, args: 4, end: 4, body: 4 });
  assert.equal(magicLine('print(1)'), null);
});

test('words of the line keep their quotes and their places', () => {
  const text = '%%o1 -m o3 --developer "be terse" --param n=1\nbody -x';
  const found = words(text, magicLine(text)!);
  assert.deepEqual(
    found.map(word => [word.text, word.isFlag]),
    [
      ['-m', true],
      ['o3', false],
      ['--developer', true],
      ['"be terse"', false],
      ['--param', true],
      ['n=1', false]
    ]
  );
  assert.ok(found.every(word => text.slice(word.start, word.end) === word.text));
});

test('names in double braces are found in the prompt only, and none in three braces', () => {
  const text = '%%o1 --developer {{no}}\n😀 {{frame}} {{ spaced }} {{{three}}} {{größe}} {{1st}}';
  const found = placeholders(text);
  assert.deepEqual(
    found.map(one => one.name),
    ['frame', 'größe']
  );
  assert.equal(text.slice(found[0]!.start, found[0]!.end), '{{frame}}');
});

test('a rule is ignored by the line, beside those that are already', () => {
  const cases: [string, string | null][] = [
    ['%%o1\nx', '%%o1 --ignore COT001\nx'],
    ['%%o1', '%%o1 --ignore COT001'],
    ['%%o1 -m o3 \nx', '%%o1 -m o3 --ignore COT001\nx'],
    ['%%o1 --ignore DEL -m o3\nx', '%%o1 --ignore DEL,COT001 -m o3\nx'],
    ['%%o1 --ignore=DEL\r\nx', '%%o1 --ignore=DEL,COT001\r\nx'],
    ['%%o1 --ignore "DEL, AMB"\nx', '%%o1 --ignore "DEL, AMB,COT001"\nx'],
    ['%%o1 --ignore\nx', '%%o1 --ignore COT001\nx'],
    ['%%o1 --ignore cot\nx', null],
    ['print(1)', null]
  ];
  for (const [before, after] of cases) {
    const edit = ignoring(before, 'COT001');
    assert.equal(edit && edited(before, [edit]), after, before);
  }
});

test('completion is offered behind %%o1 on its line and in open braces, nowhere else', () => {
  const text = '%%o1 --eff\nSay {{fra and {{frame}} more';
  const at = (part: string) => text.indexOf(part) + part.length;
  assert.ok(offersAt(text, at('--eff')));
  assert.ok(offersAt(text, at('%%o1')));
  assert.ok(offersAt(text, at('{{fra')));
  assert.ok(!offersAt(text, at('%%')));
  assert.ok(!offersAt(text, at('Say')));
  assert.ok(!offersAt(text, at('{{frame}} mo')));
  assert.ok(!offersAt('x{{', 3));
});

test('lines are commented out and in again as Markdown does it, and the magic line never', () => {
  const cases: [string, string, string][] = [
    ['%%o1\nIs it prime?', 'prime', '%%o1\n<!-- Is it prime? -->'],
    ['%%o1\n  a\nb\nc', 'a\nb', '%%o1\n  <!-- a\nb -->\nc']
  ];
  for (const [before, selected, after] of cases) {
    const from = before.indexOf(selected);
    const there = edited(before, commenting(before, from, from + selected.length));
    assert.equal(there, after);
    const back = edited(there, commenting(there, there.indexOf('<!--'), there.indexOf('-->')));
    assert.equal(back, before);
  }
  assert.deepEqual(commenting('%%o1 -m o3\nx', 2, 6), []);
  const all = '%%o1 -m o3\nx';
  assert.equal(edited(all, commenting(all, 0, all.length)), '%%o1 -m o3\n<!-- x -->');
});

test('a line magic that takes a prompt is a prompt on one line', () => {
  const text =
    'x = 1\n  %o1 lint Think step by step. \r\n%o1 spend\n%o1 lint\n%o1 linty x\ny = "%o1 lint z"\n%o1 lint a b';
  assert.deepEqual(
    promptLines(text).map(({ start, end }) => text.slice(start, end)),
    ['Think step by step.', 'a b']
  );
  assert.deepEqual(promptLines('%%o1\n%o1 lint x'), []);
});
