import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { TranslationBundle } from '@jupyterlab/translation';

import { notices, type Facts } from './notices.js';

const trans = { __: (text: string, value = '') => text.replace('%1', value) } as unknown as TranslationBundle;
const fine: Facts = {
  notebook: true,
  language: 'python',
  about: 'loaded',
  fresh: false,
  elsewhere: false,
  failure: null
};

function said(facts: Partial<Facts>): string {
  return notices({ ...fine, ...facts }, trans)
    .map(one => `${one.error ? '! ' : ''}${one.text} ${one.code ?? ''}`.trim())
    .join('\n');
}

test('nothing is said where all is well, or not known yet', () => {
  assert.equal(said({}), '');
  assert.equal(said({ language: '', about: 'unknown' }), '');
});

test('what is missing is said with the way on', () => {
  assert.match(said({ notebook: false, language: null, about: 'missing' }), /^No notebook is open[^\n]*$/);
  assert.match(said({ language: null, about: 'missing' }), /^This notebook has no running kernel\.$/);
  assert.match(said({ language: 'R', about: 'missing' }), /^o1magic works in Python kernels; this one speaks R\.$/);
  assert.match(said({ about: 'missing' }), /%pip install o1magic$/);
  assert.match(said({ about: 'unloaded' }), /%load_ext o1magic$/);
  assert.match(said({ elsewhere: true }), /elsewhere than this server/);
});

test('a restart is said beside what is to be done after it', () => {
  assert.match(said({ fresh: true, about: 'unloaded' }), /begins at zero\.\n.*%load_ext o1magic$/);
});

test('a server that is off, silent or in trouble is an error', () => {
  assert.match(said({ failure: { status: 404, message: 'Not Found' } }), /^! .* jupyter server extension enable/);
  assert.match(said({ failure: { status: 0, message: 'x' } }), /^! The server does not answer/);
  assert.equal(said({ failure: { status: 403, message: 'Forbidden' } }), '! Forbidden');
});
