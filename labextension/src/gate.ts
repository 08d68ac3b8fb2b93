// The little that every code cell's editor carries: it sees whether the cell is a prompt, and only then loads the rest.

import { Compartment, type Extension } from '@codemirror/state';
import { type EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view';

import { isPrompt } from './cell.js';

const compartment = new Compartment();
// The magic stands on the first line that is not blank: one look at the beginning tells nearly always.
const BEGINNING = 400;

/** Return an extension that puts another into the editor while its cell is a prompt. */
export function gate(load: () => Promise<Extension>): Extension {
  return [compartment.of([]), ViewPlugin.define(view => new Gate(view, load))];
}

class Gate {
  constructor(
    private readonly view: EditorView,
    private readonly load: () => Promise<Extension>
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
    const wanted = isPrompt(text);
    if (wanted === this.wanted) return;
    const before = this.wanted;
    this.wanted = wanted;
    if (wanted || before !== null) void this.change(wanted);
  }

  /** Put the extension in, or take it out; never while the editor is at work. */
  private async change(wanted: boolean): Promise<void> {
    const extension = wanted ? await this.load() : await Promise.resolve([]);
    if (this.wanted !== wanted) return;
    this.view.dispatch({ effects: compartment.reconfigure(extension) });
  }

  /** null: not looked yet, or over. */
  private wanted: boolean | null = null;
}
