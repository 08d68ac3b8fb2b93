import assert from 'node:assert/strict';
import test from 'node:test';

import { type Estimate, parts } from './estimate.js';

const put = (text: string, values: unknown[]) => text.replace(/%(\d)/g, (_, n) => String(values[Number(n) - 1]));
const trans = {
  __: (text: string, ...values: unknown[]) => put(text, values),
  _n: (one: string, many: string, n: number, ...values: unknown[]) => put(n === 1 ? one : many, values)
};
const known: Estimate = {
  model: 'o3',
  assumed: false,
  window: 200_000,
  problem: null,
  prompt_tokens: 1234,
  exact: true,
  allowance: 25_000,
  worst: '$0.2025',
  likely: null,
  likely_calls: null,
  simulated: false,
  budgets: [],
  ledger: null,
  uncounted: [],
  notes: []
};
const line = (estimate: Partial<Estimate>) =>
  parts({ ...known, ...estimate }, trans)
    .map(one => (one.warns ? `!${one.text}` : one.text))
    .join(' · ');

test('the line says tokens, allowance, window and the worst cost', () => {
  assert.equal(line({}), 'o3 · prompt 1,234 · up to 25,000 out · 13 % of the window · at most $0.2025');
});

test('an estimate and an assumed model are marked as such', () => {
  assert.match(line({ exact: false, assumed: true }), /^o3 \(assumed\) · prompt ≈1,234 · /);
});

test('what is not known is said to be unknown, and is never zero', () => {
  assert.equal(
    line({ worst: null, allowance: null, window: null }),
    "o3 · prompt 1,234 · the server's own allowance · cost unknown"
  );
});

test('what is likely is told where there were calls enough, and what is simulated as simulated', () => {
  assert.match(
    line({ likely: '$0.03', likely_calls: 12, simulated: true }),
    / · likely \$0.03, at most \$0.2025 \(sim/
  );
});

test('the tightest budget is told, and warns where the call will not fit', () => {
  const budget = { name: 'day', left: '$0.10', limit: '$2.00', fits: true };
  assert.match(line({ budgets: [budget] }), / · \$0.10 left of \$2.00 \(day\)$/);
  assert.match(line({ budgets: [{ ...budget, fits: false }] }), / · !will not fit the budget: \$0.10 left/);
});

test('a prompt that cannot be sent says why and nothing else', () => {
  assert.equal(line({ problem: 'It does not fit.' }), 'o3 · !It does not fit.');
});

test('values that only the kernel knows are named as not counted', () => {
  assert.match(line({ uncounted: ['-c tutor', '{{frame}}'] }), / · not counted: -c tutor, \{\{frame\}\}$/);
});

test('a window that is hardly used is not said to be empty', () => {
  assert.match(line({ prompt_tokens: 10, allowance: 500 }), / · <1 % of the window/);
});
