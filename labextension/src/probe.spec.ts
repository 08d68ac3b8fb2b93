import assert from 'node:assert/strict';
import { test } from 'node:test';

import { read } from './probe.js';

const ok = (text: string) => ({ status: 'ok', data: { 'text/plain': text } });
const failed = { status: 'error', ename: 'KeyError' };

test('a kernel without o1magic, one that has not loaded it, and one that has', () => {
  const session = '0b1ac2de-1111-4222-8333-44445555cafe-00112233';

  assert.deepEqual(read({ found: ok('False'), loaded: ok('False'), session: failed }), {
    about: 'missing',
    session: null
  });
  assert.deepEqual(read({ found: ok('True'), loaded: ok('False'), session: failed }), {
    about: 'unloaded',
    session: null
  });
  assert.deepEqual(read({ found: ok('True'), loaded: ok('True'), session: ok(`'${session}'`) }), {
    about: 'loaded',
    session
  });
});

test('a session that has not begun, or is no id, is none', () => {
  for (const text of ['None', "'../../x'", '1'])
    assert.equal(read({ found: ok('True'), session: ok(text) }).session, null);
});

test('a kernel that evaluates nothing says nothing', () => {
  assert.deepEqual(read({}), { about: 'unknown', session: null });
  assert.deepEqual(read({ found: failed }), { about: 'unknown', session: null });
});
