// One notebook's kernel, followed without a word to it while it works: its session, its calls, its restarts.

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { bundleIn, type Bundle } from './bundles.js';
import { probe, type Told } from './probe.js';

const BEGINS = new Set<Kernel.Status>(['restarting', 'autorestarting', 'starting']);
// A page that is opened while a cell runs knows the status only when the cell has ended.
const BUSY = new Set<Kernel.Status | undefined>(['busy', 'unknown']);
// The server takes no other id, and a kernel of another kind of server may have one.
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export class Follower implements IDisposable {
  /** What is known of the kernel, or whether it is busy, is other than before. */
  readonly changed = new Signal<this, void>(this);
  /** A call of the kernel told of itself. */
  readonly heard = new Signal<this, Bundle>(this);
  /** Another session began: what was heard of the one before is over. */
  readonly began = new Signal<this, void>(this);

  /** What the ledger has the session under: its id, or its kernel's; null for one that made no call. */
  session: string | null = null;
  language: string | null = null;
  about: Told['about'] = 'unknown';
  fresh = false;
  isDisposed = false;

  constructor(readonly context: ISessionContext) {
    context.kernelChanged.connect(this.meet, this);
    context.statusChanged.connect(this.status, this);
    context.iopubMessage.connect(this.message, this);
    this.meet();
  }

  get kernel(): Kernel.IKernelConnection | null {
    return this.context.session?.kernel ?? null;
  }

  /** Whether a cell runs. The status alone is not asked: a click on a widget turns it to idle in the midst of a cell. */
  get busy(): boolean {
    return this.cell !== null || BUSY.has(this.kernel?.status);
  }

  /** Whether somebody looks; nothing is asked of the kernel otherwise. */
  set watched(watched: boolean) {
    this.looking = watched;
    void this.ask();
  }

  dispose(): void {
    this.isDisposed = true;
    Signal.clearData(this);
  }

  private meet(): void {
    const { kernel } = this;
    // A restart brings a new connection to the kernel of before.
    if (kernel && kernel.id === this.id) return;
    this.id = kernel?.id ?? null;
    this.session = kernel && ID.test(kernel.id) ? kernel.id : null;
    this.language = kernel && '';
    this.fresh = this.worked = false;
    this.forget();
    void kernel?.info.then(({ language_info }) => {
      if (kernel !== this.kernel || this.isDisposed) return;
      this.language = language_info.name;
      this.changed.emit();
      void this.ask();
    });
  }

  private forget(): void {
    this.epoch++;
    this.cell = null;
    this.about = 'unknown';
    this.due = true;
    this.began.emit();
    this.changed.emit();
  }

  private status(_: ISessionContext, status: Kernel.Status): void {
    if (BEGINS.has(status) && this.worked) {
      this.worked = false;
      this.fresh = true;
      this.session = null;
      this.forget();
    }
    if (status === 'idle' || status === 'busy') this.worked = true;
    if (this.cell === null) this.changed.emit();
    if (status === 'idle') void this.ask();
  }

  private message(_: ISessionContext, message: KernelMessage.IMessage): void {
    const cell = (message.parent_header as Partial<KernelMessage.IHeader>).msg_id ?? null;
    const state = (message.content as { execution_state?: string }).execution_state;
    const bundle = bundleIn(message);
    if (bundle) {
      this.session ??= this.kernel && ID.test(this.kernel.id) ? this.kernel.id : null;
      this.fresh = false;
      if (bundle.running) this.cell ??= cell;
      this.heard.emit(bundle);
    } else if (message.header.msg_type === 'execute_input') {
      this.cell = cell;
      // A cell may have loaded o1magic, or begun its session by another name.
      this.due ||= this.about !== 'loaded' || this.session === null || this.session === this.kernel?.id;
      this.changed.emit();
    } else if (state === 'idle' && cell === this.cell) {
      this.cell = null;
      this.changed.emit();
    }
  }

  private async ask(): Promise<void> {
    const { kernel, epoch } = this;
    if (!this.looking || !this.due || kernel?.status !== 'idle' || this.language !== 'python') return;
    this.due = false;
    const told = await probe(kernel).catch(() => null);
    if (!told || epoch !== this.epoch || this.isDisposed) return;
    this.about = told.about;
    this.session = told.session ?? this.session;
    this.changed.emit();
  }

  private id: string | null = null;
  private cell: string | null = null;
  private looking = false;
  private due = true;
  private worked = false;
  private epoch = 0;
}
