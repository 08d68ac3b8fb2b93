// The prompt cells: asks the server about each, once per pause, and keeps what it said right while the text changes.

import type { ICellModel } from '@jupyterlab/cells';
import { type ISignal, Signal } from '@lumino/signaling';

import { ignoring, isPrompt, magicLine, promptLines, prompts as promptsIn, type Span } from './cell.js';
import { type Delta, type Edit, editsOf, movedSpan, movedSpans } from './edits.js';
import type { Estimate } from './estimate.js';
import type { Finding, IFindings } from './findings.js';

/** What the user's settings ask for; `delay` is the pause, in milliseconds, after which a prompt is looked at. */
export interface Wishes {
  readonly lint: boolean;
  readonly estimate: boolean;
  readonly ignore: readonly string[];
  readonly delay: number;
}

/** What the server says of a cell; places count UTF-16 units. */
export interface Preview {
  readonly diagnostics: readonly Omit<Finding, 'key'>[];
  readonly fixed: readonly Edit[];
  readonly problem: string | null;
  readonly estimate: Estimate | null;
}

/** What the prompts need of the rest of the extension. */
export interface Surroundings {
  wishes(): Wishes;
  /** Post a question about a cell to the server. */
  ask(question: object, signal: AbortSignal): Promise<Preview>;
  /** Return the id of the kernel that a cell would run in, null where there is none. */
  kernelOf(cell: ICellModel): string | null;
  explain(code: string): void;
  /** Return a sentence about a request that failed. */
  trouble(error: unknown): string;
}

/** One prompt cell, or the prompts on the lines of one, whether an editor shows it or not. */
export class Prompt {
  findings: readonly Finding[] = [];
  estimate: Estimate | null = null;
  /** Why there is nothing to say, as a sentence; null where there is. */
  trouble: string | null = null;
  /** How many prompts had been sent when this one was last asked about. */
  sent = 0;
  /** The kernel whose budgets the estimate is about; undefined where there is no estimate. */
  session: string | null | undefined;

  constructor(
    readonly cell: ICellModel,
    private readonly around: Surroundings
  ) {
    cell.sharedModel.changed.connect(this.onChanged, this);
  }

  /** Emitted when the server has answered, or when there is nothing to show any more. */
  get answered(): ISignal<Prompt, void> {
    return this._answered;
  }

  /** Emitted when findings were moved, or dropped, by a change of the text. */
  get moved(): ISignal<Prompt, void> {
    return this._moved;
  }

  get text(): string {
    return this.cell.sharedModel.source;
  }

  /** Count an editor that shows the prompt; the first one has it looked at. */
  shown(): void {
    this.editors += 1;
    if (this.editors === 1 && !this.fresh) this.schedule(0);
  }

  /** Forget an editor; without any, nothing is asked. */
  hidden(): void {
    this.editors -= 1;
    if (this.editors > 0) return;
    this.cancel();
    if (promptsIn(this.text).length === 0) this.clear();
  }

  /** Ask anew, the settings having changed. */
  refresh(): void {
    this.fresh = false;
    if (this.editors > 0) this.schedule(0);
  }

  /** Return once what is known is about the text as it is, or cannot be. */
  async settled(): Promise<void> {
    for (let tries = 0; !this.fresh && tries < 3; tries++) await this.look();
  }

  /** Return the edits that apply everything safe, [] where there is nothing to fix. */
  async allSafe(): Promise<readonly Edit[]> {
    if (this.fixed === null) this.fresh = false;
    await this.settled();
    return this.fixed ?? [];
  }

  /** Make edits as one step of undo; what they leave is looked at at once. False where the cell may not be edited. */
  edit(edits: readonly Edit[]): boolean {
    const shared = this.cell.sharedModel;
    if (shared.getMetadata('editable') === false) return false;
    // Not part of the cell's interface: without it, a fix made right after typing is undone together with that.
    const undo = (shared as { undoManager?: { stopCapturing?(): void } | null }).undoManager;
    undo?.stopCapturing?.();
    shared.transact(() => {
      for (const edit of [...edits].reverse()) shared.updateSource(edit.start, edit.end, edit.text);
    });
    undo?.stopCapturing?.();
    if (this.editors > 0) this.schedule(0);
    return true;
  }

  private onChanged(_: unknown, change: { sourceChange?: unknown }): void {
    if (!change.sourceChange) return;
    const edits = editsOf(change.sourceChange as Delta);
    this.fresh = false;
    this.findings = this.findings.flatMap(finding => moved(finding, edits));
    this.fixed = this.fixed && movedSpans(this.fixed, edits);
    this._moved.emit();
    if (this.editors > 0) this.schedule(this.around.wishes().delay);
  }

  private schedule(delay: number): void {
    this.cancel();
    if (promptsIn(this.text).length > 0) this.timer = setTimeout(() => void this.look(), delay);
  }

  private cancel(): void {
    clearTimeout(this.timer);
    this.request?.abort();
    this.request = null;
  }

  private clear(): void {
    this.findings = [];
    this.fixed = [];
    this.estimate = this.trouble = null;
    this._answered.emit();
  }

  /** Ask the server about the text as it is now; an answer that comes too late for it is dropped. */
  private async look(): Promise<void> {
    this.cancel();
    const { lint, estimate, ignore } = this.around.wishes();
    const text = this.text;
    const lines = promptLines(text);
    if (!(isPrompt(text) ? lint || estimate : lines.length > 0 && lint)) {
      this.fresh = true;
      this.clear();
      return;
    }
    const request = (this.request = new AbortController());
    const session = this.around.kernelOf(this.cell);
    this.session = isPrompt(text) && estimate ? session : undefined;
    const ask = (cell: string, estimate: boolean) =>
      this.around.ask({ cell, model: null, lint, estimate, ignore, session }, request.signal);
    try {
      const preview = isPrompt(text) ? await ask(text, estimate) : await onLines(text, lines, line => ask(line, false));
      if (!request.signal.aborted && text === this.text) this.take(preview, text);
    } catch (error) {
      if (request.signal.aborted) return;
      this.fresh = true;
      this.clear();
      this.trouble = this.around.trouble(error);
      this._answered.emit();
    }
  }

  private take(preview: Preview, text: string): void {
    this.fresh = true;
    this.request = null;
    this.trouble = null;
    this.estimate = preview.estimate;
    this.fixed = preview.fixed;
    this.findings = [...problem(preview.problem, text), ...preview.diagnostics].map(one => ({ ...one, key: keys++ }));
    this._answered.emit();
  }

  private editors = 0;
  private fresh = false;
  private fixed: readonly Edit[] | null = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private request: AbortController | null = null;
  private readonly _answered = new Signal<Prompt, void>(this);
  private readonly _moved = new Signal<Prompt, void>(this);
}

/** All prompt cells of all notebooks. */
export class Prompts implements IFindings {
  constructor(private readonly around: Surroundings) {}

  get changed(): ISignal<IFindings, ICellModel> {
    return this._changed;
  }

  /** Return the prompt that a cell is, made when it is first asked for. */
  prompt(cell: ICellModel): Prompt {
    let known = this.known.get(cell);
    if (!known) {
      known = new Prompt(cell, this.around);
      known.sent = this.sent;
      this.known.set(cell, known);
      for (const signal of [known.answered, known.moved]) signal.connect(() => this._changed.emit(cell));
    }
    return known;
  }

  of(cell: ICellModel): readonly Finding[] {
    return this.known.get(cell)?.findings ?? [];
  }

  apply(cell: ICellModel, finding: Finding): boolean {
    const fix = this.of(cell).find(one => one.key === finding.key)?.fix;
    return Boolean(fix && this.prompt(cell).edit(fix.edits));
  }

  async applyAll(cell: ICellModel): Promise<boolean> {
    const edits = await this.prompt(cell).allSafe();
    return edits.length > 0 && this.prompt(cell).edit(edits);
  }

  ignore(cell: ICellModel, code: string): boolean {
    const edit = ignoring(cell.sharedModel.source, code);
    return edit !== null && this.prompt(cell).edit([edit]);
  }

  explain(code: string): void {
    this.around.explain(code);
  }

  /** Ask about a cell anew, the settings having changed. */
  refresh(cell: ICellModel): void {
    this.known.get(cell)?.refresh();
  }

  /** A cell's kernel may be another, and with it the session whose budgets the estimate is about. */
  attached(cell: ICellModel): void {
    const prompt = this.known.get(cell);
    if (prompt?.session !== undefined && prompt.session !== this.around.kernelOf(cell)) prompt.refresh();
  }

  /** A prompt was sent: what the estimates say of budgets holds no more, in any cell. */
  spent(cell: ICellModel): void {
    this.sent += 1;
    this.visited(cell);
  }

  /** Ask about a cell anew if a prompt was sent since it was last asked about; called when somebody turns to it. */
  visited(cell: ICellModel): void {
    const prompt = this.known.get(cell);
    if (!prompt || prompt.sent === this.sent) return;
    prompt.sent = this.sent;
    prompt.refresh();
  }

  private sent = 0;
  private readonly known = new WeakMap<ICellModel, Prompt>();
  private readonly _changed = new Signal<IFindings, ICellModel>(this);
}

let keys = 0;

/** Return a finding after a change of the text: gone where its words changed, without its fix where that fits no more. */
function moved(finding: Finding, edits: readonly Edit[]): Finding[] {
  const span = movedSpan(finding, edits);
  if (!span) return [];
  const fixes = finding.fix && movedSpans(finding.fix.edits, edits);
  return [{ ...span, fix: finding.fix && fixes && { ...finding.fix, edits: fixes } }];
}

/** Return what the server says of the prompts on a cell's lines; a fix that would break its line is no fix. */
async function onLines(text: string, lines: Span[], ask: (line: string) => Promise<Preview>): Promise<Preview> {
  const diagnostics: Omit<Finding, 'key'>[] = [];
  for (const { start, end } of lines) {
    const found = await ask(text.slice(start, end));
    for (const one of found.diagnostics) {
      const edits = one.fix?.edits.map(edit => ({ ...edit, start: edit.start + start, end: edit.end + start }));
      const fits = edits?.every(edit => !edit.text.includes('\n'));
      const fix = one.fix && edits && fits ? { ...one.fix, edits } : null;
      diagnostics.push({ ...one, start: one.start + start, end: one.end + start, fix });
    }
  }
  return { diagnostics, fixed: [], problem: null, estimate: null };
}

/** Return the finding that a magic line which cannot be read is. */
function problem(message: string | null, text: string): Omit<Finding, 'key'>[] {
  const line = magicLine(text);
  if (message === null || !line) return [];
  const { start, end } = line;
  return [{ code: '', name: '', severity: 'error', message, start, end, fix: null }];
}
