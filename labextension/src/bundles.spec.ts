import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Running } from '../../o1magic/jupyter/chart.js';

import { after, bundleIn, bundleOf, callOf, merged, totalsOf, USAGE_MIME, type Bundle } from './bundles.js';

const NOW = new Date(2026, 10, 3, 12, 0, 10);

function message(msg_type: string, told: unknown) {
  return { header: { msg_type }, content: { data: { [USAGE_MIME]: told } } };
}

function bundle(told: Record<string, unknown>): Bundle {
  return bundleOf({ [USAGE_MIME]: { id: 'a', state: 'running', asked: 'o3', ...told } })!;
}

function running(fields: Partial<Running> = {}): Running {
  const plain = { id: 'a', model: 'o3', effort: 'low', said: 'in flight', elapsed_s: 1, hold_nano_usd: 5 };
  return { ...plain, simulated: true, waits: true, ...fields };
}

test('a bundle is found in displays, their updates and results, and nowhere else', () => {
  const told = { id: 'a', state: 'settled' };

  for (const kind of ['display_data', 'update_display_data', 'execute_result']) {
    assert.equal(bundleIn(message(kind, told))?.id, 'a');
  }
  assert.equal(bundleIn(message('stream', told)), null);
  assert.equal(bundleIn({ header: { msg_type: 'display_data' }, content: {} }), null);
});

test('what bears no id of a call is no bundle', () => {
  for (const told of [null, 1, 'a', [], {}, { id: 1 }, { id: '' }])
    assert.equal(bundleOf({ [USAGE_MIME]: told }), null);
});

test('a running bundle begins a call in flight, another word changes it, the same word nothing', () => {
  const first = after([], bundle({ said: 'thinking', seconds: 2 }));
  const same = after(first, bundle({ said: 'thinking', seconds: 3 }));
  const then = after(first, bundle({ said: 'writing', seconds: 4 }));

  assert.deepEqual(
    first.map(one => [one.id, one.model, one.said, one.elapsed_s, one.hold_nano_usd]),
    [['a', 'o3', 'thinking', 2, null]]
  );
  assert.equal(same, first);
  assert.deepEqual(
    then.map(one => [one.said, one.elapsed_s]),
    [['writing', 4]]
  );
});

test('an answer ends its call in flight and no other', () => {
  const other = running({ id: 'b' });

  assert.deepEqual(after([running(), other], bundle({ state: 'settled' })), [other]);
  assert.deepEqual(after([other], bundle({ state: 'settled' })), [other]);
});

test('the ledger knows the hold, the kernel what a call is doing; without a busy kernel nothing can be stopped', () => {
  const heard = [running({ said: 'writing', hold_nano_usd: null, simulated: false }), running({ id: 'b' })];

  const both = merged([running()], heard, true);

  assert.deepEqual(
    both.map(one => [one.id, one.said, one.hold_nano_usd, one.simulated, one.stops]),
    [
      ['a', 'writing', 5, true, true],
      ['b', 'in flight', 5, true, true]
    ]
  );
  assert.deepEqual(
    merged([running()], [], false).map(one => one.stops),
    [false]
  );
});

test('a call is read from its answer; unknown stays unknown, and foreign values are none', () => {
  const told = { state: 'settled', model: 'o3-2025', seconds: 10, prompt: 3, completion: 9, reasoning: null };
  const call = callOf(bundle({ ...told, cost_nano_usd: 'much', simulated: 'yes', finish_reason: 'stop' }), NOW);

  assert.equal(call.created_ms, NOW.getTime() - 10_000);
  assert.deepEqual(
    [call.day, call.model, call.asked, call.state, call.finish, call.mine],
    ['2026-11-03', 'o3-2025', 'o3', 'settled', 'stop', 1]
  );
  assert.deepEqual(
    [call.prompt, call.completion, call.reasoning, call.cached, call.cost_nano_usd, call.simulated],
    [3, 9, null, null, null, 0]
  );
});

test('totals keep simulated money apart and count what is unknown', () => {
  const settled = (told: Record<string, unknown>) => callOf(bundle({ state: 'settled', ...told }), NOW);
  const total = totalsOf([
    settled({ prompt: 1, completion: 9, reasoning: 4, cost_nano_usd: 7 }),
    settled({ prompt: 2, completion: 5, reasoning: 5, cost_nano_usd: 3, simulated: true }),
    callOf(bundle({}), NOW)
  ]);

  assert.deepEqual(
    [total.calls, total.prompt_tokens, total.reasoning_tokens, total.visible_tokens, total.completion_tokens],
    [3, 3, 9, 5, 14]
  );
  assert.deepEqual(
    [total.cost_nano_usd, total.simulated_calls, total.simulated_cost_nano_usd, total.unknown_calls],
    [7, 1, 3, 1]
  );
});
