import assert from 'node:assert/strict';
import test from 'node:test';

import { read, sentence, translate } from '../../o1magic/jupyter/chart.js';

test('the words of the chart go through a translator, and what they speak of does not', () => {
  const asked: string[] = [];
  translate((text, ...values) => {
    asked.push(text);
    return text.toUpperCase().replace(/%(\d)/g, (_, place) => values[place - 1]!);
  });
  const total = { calls: 2, simulated_calls: 0, prompt_tokens: 30, cached_tokens: 0, unknown_calls: 1 };
  const spent = { reasoning_tokens: 64, visible_tokens: 36, completion_tokens: 100, cost_nano_usd: 2_000_000 };
  const state = read({ totals: { session: { ...total, ...spent, held_nano_usd: 0 } }, columns: [], rows: [] });

  const said = sentence(state, 'session');
  assert.equal(
    said,
    'THIS SESSION: CALLS 2, REASONING 64 (64 % OF OUTPUT), VISIBLE 36, PROMPT 30, OF IT CACHED 0, COST ≥$0.002 (COST OF 1 UNKNOWN).'
  );
  assert.ok(asked.includes('%1 % of output'));
});
