// What a call says of itself in a notebook's outputs, and how the sidebar reads it. Pure: values in, values out.

import type { Call, Running, Totals } from '../../o1magic/jupyter/chart.js';

/** Stands beside each answer, and beside each turn of its clock; README.md says what it holds. */
export const USAGE_MIME = 'application/vnd.o1magic.usage+json';

export interface Bundle {
  readonly id: string;
  readonly running: boolean;
  readonly told: Readonly<Record<string, unknown>>;
}

interface Message {
  readonly header: { readonly msg_type: string };
  readonly content: unknown;
}

const CARRIERS = new Set(['display_data', 'update_display_data', 'execute_result']);

/** Return the bundle that a kernel's message carries, null for any other message. */
export function bundleIn(message: Message): Bundle | null {
  if (!CARRIERS.has(message.header.msg_type)) return null;
  return bundleOf((message.content as { data?: Record<string, unknown> }).data);
}

/** Return the bundle among an output's data, null where there is none of a call with an id. */
export function bundleOf(data: Readonly<Record<string, unknown>> | undefined): Bundle | null {
  const told = data?.[USAGE_MIME] as Record<string, unknown> | null | undefined;
  if (typeof told !== 'object' || told === null || typeof told['id'] !== 'string' || !told['id']) return null;
  return { id: told['id'], running: told['state'] === 'running', told };
}

/** Return the calls in flight after a bundle; the same array where the bundle tells nothing new of them. */
export function after(running: Running[], bundle: Bundle): Running[] {
  const at = running.findIndex(one => one.id === bundle.id);
  if (!bundle.running) return at < 0 ? running : running.filter(one => one.id !== bundle.id);
  const said = text(bundle.told['said']) ?? '';
  const before = running[at];
  // The clock goes on by itself: what is drawn anew takes the pointer off its Stop button.
  if (before?.said === said) return running;
  const elapsed_s = number(bundle.told['seconds']) ?? 0;
  const model = text(bundle.told['asked']) ?? 'unknown';
  const unknown = { id: bundle.id, model, effort: null, hold_nano_usd: null, simulated: false, waits: true };
  const now = { ...(before ?? unknown), said, elapsed_s };
  return before ? running.map(one => (one === before ? now : one)) : [...running, now];
}

/** Return what the ledger tells of the calls in flight, with what the kernel said last of each. */
export function merged(told: readonly Running[], heard: readonly Running[], busy: boolean): Running[] {
  const known = told.map(one => {
    const same = heard.find(other => other.id === one.id);
    return same ? { ...one, said: same.said } : one;
  });
  const alone = heard.filter(one => !told.some(other => other.id === one.id));
  // An interrupt reaches what the kernel's main thread waits for, and nothing while the kernel is idle.
  return [...known, ...alone].map(one => ({ ...one, stops: busy }));
}

/** Return the call that a bundle tells of as it ended, or, while it ran when last heard of, with its end unknown. */
export function callOf(bundle: Bundle, now: Date): Call {
  const { told } = bundle;
  const asked = text(told['asked']);
  const model = text(told['model']) ?? asked ?? 'unknown';
  const seconds = number(told['seconds']);
  const counts = Object.fromEntries(COUNTS.map(name => [name, number(told[name])])) as Record<CountName, number | null>;
  return {
    ...counts,
    id: bundle.id,
    created_ms: now.getTime() - 1000 * (seconds ?? 0),
    day: dayOf(now),
    mine: 1,
    model,
    asked: asked === model ? null : asked,
    effort: null,
    state: bundle.running ? 'unknown' : 'settled',
    finish: text(told['finish_reason']),
    hold_nano_usd: null,
    seconds,
    attempts: null,
    simulated: Number(told['simulated'] === true),
    estimated: Number(told['estimated'] === true),
    inconsistent: Number(told['inconsistent'] === true),
    lint: '',
    fixed: ''
  };
}

type CountName = (typeof COUNTS)[number];
const COUNTS = ['prompt', 'cached', 'reasoning', 'completion', 'cost_nano_usd'] as const;

/** Return the totals of calls as the ledger adds them up: unknown is counted, and nothing simulated is real money. */
export function totalsOf(calls: readonly Call[]): Totals {
  const sum = (value: (call: Call) => number | null): number => calls.reduce((all, one) => all + (value(one) ?? 0), 0);
  return {
    calls: calls.length,
    prompt_tokens: sum(one => one.prompt),
    cached_tokens: sum(one => one.cached),
    reasoning_tokens: sum(one => one.reasoning),
    visible_tokens: sum(one =>
      one.completion === null || one.reasoning === null ? null : Math.max(0, one.completion - one.reasoning)
    ),
    completion_tokens: sum(one => one.completion),
    unknown_calls: sum(one => Number(one.cost_nano_usd === null)),
    cost_nano_usd: sum(one => (one.simulated ? null : one.cost_nano_usd)),
    held_nano_usd: 0,
    simulated_calls: sum(one => one.simulated),
    simulated_cost_nano_usd: sum(one => (one.simulated ? one.cost_nano_usd : null)),
    simulated_held_nano_usd: 0
  };
}

/** Return the local calendar day, as 2026-11-23. */
export function dayOf(moment: Date): string {
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
}

function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
