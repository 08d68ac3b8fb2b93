// What the sidebar shows: the ledger as the server reads it, and what the current notebook's kernel says meanwhile.

import type { ISessionContext } from '@jupyterlab/apputils';
import type { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal } from '@lumino/signaling';

import { read, type Running, type Scope, type State } from '../../o1magic/jupyter/chart.js';
import { ask, RequestError } from './api.js';
import { after, callOf, dayOf, merged, totalsOf, type Bundle } from './bundles.js';
import { Follower } from './follower.js';
import type { Facts } from './notices.js';

// So many of the newest calls are listed; the totals count them all.
const ROWS = 1000;
const BUSY_MS = 5_000;
const IDLE_MS = 30_000;
// A loop of quick calls asks the server no more often.
const PAUSE_MS = 250;

export class Feed implements IDisposable {
  /** There is something else to show. */
  readonly changed = new Signal<this, void>(this);

  constructor(private readonly server: ServerConnection.ISettings) {
    this.poll = new Poll({
      auto: false,
      factory: () => this.tick(),
      frequency: { interval: BUSY_MS, backoff: true, max: 60_000 },
      standby: () => (this.looking ? 'when-hidden' : true)
    });
    void this.poll.start();
  }

  /** Follow a notebook's kernel, or none. */
  follow(context: ISessionContext | null): void {
    if (this.follower?.context === context) return;
    this.follower?.dispose();
    this.follower = context && new Follower(context);
    this.forget();
    if (this.follower) {
      this.follower.watched = this.looking;
      this.follower.began.connect(this.forget, this);
      this.follower.heard.connect(this.hear, this);
      this.follower.changed.connect(this.turn, this);
    }
    this.refresh();
  }

  /** Whether somebody looks. */
  set watched(watched: boolean) {
    this.looking = watched;
    if (this.follower) this.follower.watched = watched;
    if (watched) this.refresh();
  }

  get facts(): Facts {
    const { follower, elsewhere, failure } = this;
    const { language, about, fresh } = follower ?? { language: null, about: 'unknown' as const, fresh: false };
    return { notebook: follower !== null, language, about, fresh, elsewhere, failure };
  }

  /** Return what the chart shows of a scope. */
  state(scope: Scope): State {
    const state = this.elsewhere && scope === 'session' ? this.local() : this.ledger;
    state.running = this.running();
    return state;
  }

  /** Interrupt the kernel, if that very call still keeps it busy. */
  stop(id: string): void {
    if (this.follower?.busy && this.running().some(one => one.id === id)) void this.follower.kernel?.interrupt();
  }

  /** Ask the server soon. */
  refresh(): void {
    if (!this.looking || this.isDisposed) return;
    if (this.loading) this.again = true;
    else this.loading = this.load().finally(() => this.loaded());
  }

  dispose(): void {
    this.isDisposed = true;
    this.follower?.dispose();
    this.poll.dispose();
    Signal.clearData(this);
  }

  isDisposed = false;

  private async tick(): Promise<void> {
    const wait_ms = this.follower?.busy ? BUSY_MS : IDLE_MS;
    if (Date.now() - this.asked_ms < wait_ms - PAUSE_MS) return;
    this.refresh();
    await this.loading;
    if (this.failure) throw new Error(this.failure.message);
  }

  private async load(): Promise<void> {
    const session = this.follower?.session ?? null;
    const last = this.last;
    this.asked_ms = Date.now();
    try {
      const path = `spend?rows=${ROWS}${session ? `&session=${session}` : ''}`;
      const told = await ask<{ chart: object }>(path, this.server);
      if (session !== (this.follower?.session ?? null)) return void (this.again = true);
      this.ledger = read(told.chart);
      this.told = this.ledger.running;
      this.failure = null;
      // A call is on record before it tells of itself: one that is not is on another record.
      if (last && last === this.last && !this.ledger.problem) {
        this.elsewhere = !this.ledger.calls.some(one => one.id === last);
      }
    } catch (error) {
      const { status, message } = error instanceof RequestError ? error : { status: 0, message: String(error) };
      this.failure = { status, message };
    }
  }

  private loaded(): void {
    this.loading = null;
    if (this.isDisposed) return;
    this.changed.emit();
    if (!this.again) return;
    this.again = false;
    setTimeout(() => this.refresh(), PAUSE_MS);
  }

  private forget(): void {
    this.bundles.clear();
    this.heard = this.told = [];
    this.last = null;
    this.elsewhere = false;
    // Until the server has answered, another session's figures are nobody's.
    const { today } = this.ledger;
    this.ledger = read({ today, totals: { ...this.ledger.totals, session: totalsOf([]) } });
    this.changed.emit();
  }

  private hear(_: Follower, bundle: Bundle): void {
    const known = this.bundles.has(bundle.id);
    this.bundles.set(bundle.id, { bundle, at: new Date() });
    this.last = bundle.id;
    this.heard = after(this.heard, bundle);
    if (!bundle.running) this.told = this.told.filter(one => one.id !== bundle.id);
    if (!known || !bundle.running) this.refresh();
    this.changed.emit();
  }

  private turn(follower: Follower): void {
    const now = `${follower.session} ${follower.busy}`;
    // What the kernel's main thread waited for is over when its cell is.
    if (!follower.busy) this.heard = [];
    if (now !== this.turned) this.refresh();
    this.turned = now;
    this.changed.emit();
  }

  /** Return the calls in flight; the same array while nothing of them changes but their clocks. */
  private running(): Running[] {
    const now = merged(this.told, this.heard, this.follower?.busy ?? false);
    const key = JSON.stringify(now.map(({ elapsed_s: _, ...one }) => one));
    if (key === this.shownKey) return this.shown;
    const began = new Map(now.map(one => [one.id, this.began.get(one.id) ?? Date.now() - 1000 * one.elapsed_s]));
    this.began = began;
    this.shownKey = key;
    return (this.shown = now.map(one => ({ ...one, elapsed_s: (Date.now() - began.get(one.id)!) / 1000 })));
  }

  /** Return the session as this page heard of it. */
  private local(): State {
    const over = [...this.bundles.values()].filter(one => !this.heard.some(other => other.id === one.bundle.id));
    const calls = over.map(({ bundle, at }) => callOf(bundle, at));
    const columns = Object.keys(calls[0] ?? {});
    const rows = calls.map(call => Object.values(call));
    return read({ columns, rows, today: dayOf(new Date()), totals: { session: totalsOf(calls) } });
  }

  private follower: Follower | null = null;
  private ledger: State = read({});
  private failure: Facts['failure'] = null;
  private elsewhere = false;
  private bundles = new Map<string, { bundle: Bundle; at: Date }>();
  private last: string | null = null;
  private heard: Running[] = [];
  private told: Running[] = [];
  private shown: Running[] = [];
  private shownKey = '[]';
  private began = new Map<string, number>();
  private turned = '';
  private looking = false;
  private loading: Promise<void> | null = null;
  private again = false;
  private asked_ms = 0;
  private readonly poll: Poll;
}
