import assert from 'node:assert/strict';
import test from 'node:test';

import { edited, editsOf, movedSpan, movedSpans } from './edits.js';

const at = (start: number, end: number, text = '') => ({ start, end, text });

test('a change of a shared text is read as edits', () => {
  assert.deepEqual(editsOf([{ retain: 2 }, { insert: 'ab' }, { delete: 1 }, { retain: 3 }, { delete: 2 }]), [
    at(2, 3, 'ab'),
    at(6, 8)
  ]);
  assert.deepEqual(editsOf([]), []);
});

test('edits make the text that the change made', () => {
  assert.equal(edited('0123456789', [at(2, 3, 'ab'), at(6, 8)]), '01ab34589');
  assert.equal(edited('x', [at(0, 0, 'a'), at(1, 1, 'b')]), 'axb');
});

test('a span moves with what is typed before it and stays with what is typed behind it', () => {
  const span = { start: 4, end: 7 };
  assert.deepEqual(movedSpan(span, [at(0, 0, '😀')]), { start: 6, end: 9 });
  assert.deepEqual(movedSpan(span, [at(1, 3)]), { start: 2, end: 5 });
  assert.deepEqual(movedSpan(span, [at(4, 4, '!')]), { start: 5, end: 8 });
  assert.deepEqual(movedSpan(span, [at(7, 7, '!')]), span);
});

test('a span is gone when the change reaches into it', () => {
  const span = { start: 4, end: 7 };
  for (const edit of [at(5, 5, 'x'), at(5, 6), at(2, 5), at(6, 9), at(4, 7, 'same'), at(0, 20)])
    assert.equal(movedSpan(span, [edit]), null);
});

test('what is typed at the very place of an insert undoes it', () => {
  const insert = { start: 4, end: 4 };
  assert.equal(movedSpan(insert, [at(4, 4, 'x')]), null);
  assert.equal(movedSpan(insert, [at(3, 4)]), null);
  assert.deepEqual(movedSpan(insert, [at(3, 3, 'x')]), { start: 5, end: 5 });
  assert.deepEqual(movedSpan(insert, [at(5, 6)]), insert);
});

test('edits that belong together move together or not at all', () => {
  const fence = [at(2, 2, '```\n'), at(8, 8, '```\n')];
  assert.deepEqual(movedSpans(fence, [at(5, 5, 'ab')]), [at(2, 2, '```\n'), at(10, 10, '```\n')]);
  assert.equal(movedSpans(fence, [at(8, 9)]), null);
});
