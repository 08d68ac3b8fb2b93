// What sending a prompt would take, in words. Pure: figures in, words out.

import type { TranslationBundle } from '@jupyterlab/translation';

/** A budget that would count the call. */
export interface Budget {
  readonly name: string;
  readonly left: string;
  readonly limit: string;
  readonly fits: boolean;
}

/** What the server says sending would take; null is not known, amounts are written out. */
export interface Estimate {
  readonly model: string;
  /** No flag names the model: it is the notebook's, the environment's or the default. */
  readonly assumed: boolean;
  readonly window: number | null;
  /** Why it cannot be sent; then nothing below is there. */
  readonly problem: string | null;
  readonly prompt_tokens?: number;
  readonly exact?: boolean;
  readonly allowance?: number | null;
  readonly worst?: string | null;
  readonly likely?: string | null;
  readonly likely_calls?: number | null;
  readonly simulated?: boolean;
  readonly budgets?: readonly Budget[];
  readonly ledger?: string | null;
  readonly uncounted?: readonly string[];
  readonly notes?: readonly string[];
}

/** A part of the line under a prompt; what warns is to be seen. */
export interface Part {
  readonly text: string;
  readonly title: string;
  readonly warns: boolean;
}

type Words = Pick<TranslationBundle, '__' | '_n'>;

/** Return the parts of the line under a prompt, in order. */
export function parts(estimate: Estimate, trans: Words): Part[] {
  const model = estimate.assumed ? trans.__('%1 (assumed)', estimate.model) : estimate.model;
  const assumed = trans.__('No -m on the line: a model set by %config in the kernel is not seen here.');
  const first = part(model, estimate.assumed ? assumed : '');
  if (estimate.problem !== null) return [first, warning(estimate.problem)];
  return [
    first,
    ...size(estimate, trans),
    ...money(estimate, trans),
    ...left(estimate, trans),
    ...rest(estimate, trans)
  ];
}

function size(estimate: Estimate, trans: Words): Part[] {
  const { prompt_tokens: prompt = 0, allowance = null, window } = estimate;
  const counted = `${estimate.exact ? '' : '≈'}${grouped(prompt)}`;
  const found = [part(trans.__('prompt %1', counted), trans.__('Tokens of the prompt as it would be sent.'))];
  found.push(
    allowance === null
      ? part(trans.__("the server's own allowance"), trans.__('No allowance is sent for this model.'))
      : part(
          trans.__('up to %1 out', grouped(allowance)),
          trans.__('max_completion_tokens: what reasoning and answer may take together.')
        )
  );
  if (window !== null) {
    const full = ((prompt + (allowance ?? 0)) / window) * 100;
    const percent = full < 1 ? '<1' : full.toFixed(0);
    const title = trans.__('Prompt and allowance of a context window of %1 tokens.', grouped(window));
    found.push(part(trans.__('%1 % of the window', percent), title));
  }
  return found;
}

function money(estimate: Estimate, trans: Words): Part[] {
  const { worst = null, likely = null, likely_calls: calls } = estimate;
  if (worst === null) return [part(trans.__('cost unknown'), trans.__('The price or the allowance is not known.'))];
  const most = trans.__('at most %1', worst);
  const title =
    likely === null
      ? trans.__('The whole allowance at the price of today. Too few calls like this one to tell what is likely.')
      : trans.__('Likely: the median output of your last %1 calls like this one. At most: the whole allowance.', calls);
  const said = likely === null ? most : trans.__('likely %1, %2', likely, most);
  return [part(estimate.simulated ? trans.__('%1 (simulated)', said) : said, title)];
}

function left(estimate: Estimate, trans: Words): Part[] {
  const tightest = estimate.budgets?.[0];
  if (!tightest) return [];
  const said = trans.__('%1 left of %2 (%3)', tightest.left, tightest.limit, tightest.name);
  if (tightest.fits) return [part(said, trans.__('The budget with the least left.'))];
  return [warning(trans.__('will not fit the budget: %1', said))];
}

function rest(estimate: Estimate, trans: Words): Part[] {
  const found = [];
  const names = estimate.uncounted ?? [];
  if (names.length) {
    const title = trans.__('Only the kernel knows the values; they come on top of these figures.');
    found.push(part(trans.__('not counted: %1', names.join(', ')), title));
  }
  for (const note of estimate.notes ?? []) found.push(part(note, ''));
  if (estimate.ledger) found.push(warning(estimate.ledger));
  return found;
}

function part(text: string, title: string): Part {
  return { text, title, warns: false };
}

function warning(text: string): Part {
  return { text, title: '', warns: true };
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
