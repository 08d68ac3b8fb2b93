// The little that every code cell's editor carries: it sees whether the cell is or holds a prompt, and only then loads the
// rest.

import { Compartment, type Extension } from '@codemirror/state';
import { type EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view';

import { isPrompt, promptLines } from './cell.js';

const compartment = new Compartment();
// The magic stands on the first line that is not blank: one look at the beginning tells nearly always.
const BEGINNING = 400;
// In a longer cell no line of it is looked at.
const MOST = 100_000;

/** What a cell is: a prompt, code with prompts on some of its lines, or neither. */
export type Kind = 'prompt' | 'lines' | 'code';

/** Return an extension that puts another into the editor while its cell is or holds a prompt. */
export function gate(load: (kind: Kind) => Promise<Extension>): Extension {
  return [compartment.of([]), ViewPlugin.define(view => new Gate(view, load))];
}

class Gate {
  constructor(
    private readonly view: EditorView,
    private readonly load: (kind: Kind) => Promise<Extension>
  ) {
    this.look();
  }

  update(update: ViewUpdate): void {
    if (update.docChanged) this.look();
  }

  destroy(): void {
    this.wanted = null;
  }

  private look(): void {
    const { doc } = this.view.state;
    let text = doc.sliceString(0, BEGINNING);
    if (doc.length > BEGINNING && text.trim() === '') text = doc.toString();
    const lines = () => doc.length <= MOST && promptLines(doc.toString()).length > 0;
    const wanted = isPrompt(text) ? 'prompt' : lines() ? 'lines' : 'code';
    if (wanted === this.wanted) return;
    const before = this.wanted;
    this.wanted = wanted;
    if (wanted !== 'code' || before !== null) void this.change(wanted);
  }

  /** Put the extension in, or take it out; never while the editor is at work. */
  private async change(wanted: Kind): Promise<void> {
    const extension = wanted === 'code' ? await Promise.resolve([]) : await this.load(wanted);
    if (this.wanted !== wanted) return;
    this.view.dispatch({ effects: compartment.reconfigure(extension) });
  }

  /** null: not looked yet, or over. */
  private wanted: Kind | null = null;
}
