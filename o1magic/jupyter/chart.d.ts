// The types of chart.js, for the JupyterLab extension; tests/test_chart.py holds the names together.

export interface Call {
  id: string;
  created_ms: number;
  day: string;
  mine: number;
  model: string;
  asked: string | null;
  effort: string | null;
  state: 'intent' | 'settled' | 'partial' | 'failed' | 'unknown';
  finish: string | null;
  prompt: number | null;
  cached: number | null;
  reasoning: number | null;
  completion: number | null;
  cost_nano_usd: number | null;
  hold_nano_usd: number | null;
  seconds: number | null;
  attempts: number | null;
  simulated: number;
  estimated: number;
  inconsistent: number;
  lint: string;
  fixed: string;
}

export interface Running {
  id: string;
  model: string;
  effort: string | null;
  said: string;
  elapsed_s: number;
  hold_nano_usd: number | null;
  simulated: boolean;
  waits: boolean;
  stops?: boolean;
}

export interface Budget {
  name: string;
  per: string;
  unit: 'nano_usd' | 'tokens';
  limit: number;
  spent: number;
  held: number;
  warned: boolean;
  simulated: boolean;
}

export type Scope = 'session' | 'day' | 'all';
export type Totals = Record<string, number | string>;

export interface State {
  seq: number;
  count: number;
  today: string;
  problem: string;
  calls: Call[];
  totals: Partial<Record<Scope, Totals>>;
  budgets: Budget[];
  running: Running[];
}

export interface Bar {
  from: number;
  to: number;
  cached: number;
  prompt: number;
  reasoning: number;
  visible: number;
  untold: number;
  unknown: number;
  simulated: number;
}

export interface Hands {
  stop(id: string): void;
  interrupt?(): void;
  csv?(scope: Scope): void;
  open?(id: string): void;
  gone?(): boolean;
}

export interface Mounted {
  show(state: State, options?: { scope?: Scope; inputs?: boolean }): void;
  alive(whether: boolean): void;
  exported(message: string): void;
  dispose(): void;
}

export function translate(translator: (text: string, ...values: string[]) => string): void;
export const SCOPES: Scope[];
export function read(snapshot: object): State;
export function apply(state: State, news: object): boolean;
export function within(state: State, scope: Scope): Call[];
export function tokens(count: number | null, estimated?: boolean): string;
export function short(count: number): string;
export function dollars(nano: number | null): string;
export function clock(seconds: number): string;
export function parts(call: Call): Omit<Bar, 'from' | 'to'>;
export function bars(calls: Call[], most: number): { each: number; bars: Bar[] };
export function sums(calls: Call[], made: Bar[], total?: Totals): { reasoning: number; output: number }[];
export function roundUp(most: number): number;
export function sorted(calls: Call[], value: (call: Call) => string | number | null, descending: boolean): Call[];
export function sentence(state: State, scope: Scope): string;
export function figuresOf(total: Totals, inputs: boolean, calls: Call[]): { name: string; value: string; kind?: string; note: string }[];
export function ending(call: Call): string;
export function price(call: Call): string;
export function findings(call: Call, mark?: string): string;
export function describe(call: Call, today: string): string;
export function mount(el: HTMLElement, hands: Hands): Mounted;
declare const _default: { render(context: { model: unknown; el: HTMLElement }): () => void };
export default _default;
