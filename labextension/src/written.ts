// What the editor of a prompt cell carries: its language, its findings, the line under it. Loaded with the first prompt.

import { lintGutter, linter, setDiagnostics } from '@codemirror/lint';
import { type Extension, Prec, StateEffect, StateField } from '@codemirror/state';
import { EditorView, showTooltip, type Tooltip, ViewPlugin } from '@codemirror/view';
import type { TranslationBundle } from '@jupyterlab/translation';

import { card } from './card.js';
import type { Finding, IFindings } from './findings.js';
import { magicLineMarks } from './magic-line.js';
import type { Prompt } from './prompts.js';
import { strip } from './strip.js';

/** Return the extension of a prompt's editor; `language` is Markdown's. */
export function written(prompt: Prompt, findings: IFindings, trans: TranslationBundle, language: Extension): Extension {
  return [
    // Before Python's, which JupyterLab gives each code cell.
    Prec.high(language),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'data-o1-prompt': '', 'aria-label': trans.__('Prompt') }),
    magicLineMarks(),
    lintGutter(),
    strip(prompt, trans),
    underlined(prompt, findings, trans)
  ];
}

/** Return what underlines the findings on a prompt, whatever else its cell holds. */
export function underlined(prompt: Prompt, findings: IFindings, trans: TranslationBundle): Extension {
  return [
    linter(null),
    pinned,
    EditorView.domEventHandlers({ blur: left }),
    ViewPlugin.define(view => new Marks(view, prompt, findings, trans))
  ];
}

/** How a card is opened; with `focus`, its first button gets the keyboard. */
export interface Pin {
  readonly finding: Finding;
  readonly prompt: Prompt;
  readonly findings: IFindings;
  readonly trans: TranslationBundle;
  readonly focus: boolean;
}

/** Select a finding and open its card there, until the text, the selection or the focus changes. */
export function pin(view: EditorView, { finding, prompt, findings, trans, focus }: Pin): void {
  const create = () => {
    const dom = card(finding, prompt, findings, trans, () => {
      unpin(view);
      view.focus();
    });
    dom.addEventListener('focusout', event => left(event, view));
    return { dom, mount: () => focus && dom.querySelector<HTMLElement>('.o1-action')?.focus() };
  };
  view.dispatch({
    selection: { anchor: finding.start, head: finding.end },
    scrollIntoView: true,
    effects: setPinned.of({ pos: finding.start, end: finding.end, above: true, arrow: false, create })
  });
}

/** Close the card once neither it nor its editor has the focus. */
function left(event: FocusEvent, view: EditorView): void {
  // Tooltips may stand outside of the editor's own node.
  const to = event.relatedTarget instanceof Element ? event.relatedTarget : null;
  if (!to?.closest('.o1-card') && !(to && view.dom.contains(to))) setTimeout(() => unpin(view));
}

/** Close that card. */
export function unpin(view: EditorView): void {
  if (view.state.field(pinned, false)) view.dispatch({ effects: setPinned.of(null) });
}

const setPinned = StateEffect.define<Tooltip | null>();
const pinned = StateField.define<Tooltip | null>({
  create: () => null,
  update: (tooltip, transaction) => {
    for (const effect of transaction.effects) if (effect.is(setPinned)) return effect.value;
    return transaction.docChanged || transaction.selection ? null : tooltip;
  },
  provide: field => showTooltip.from(field)
});

/** Keeps an editor's marks in step with what is known of its prompt. */
class Marks {
  constructor(
    private readonly view: EditorView,
    private readonly prompt: Prompt,
    private readonly findings: IFindings,
    private readonly trans: TranslationBundle
  ) {
    prompt.answered.connect(this.draw, this);
    // The editor is still being set up; what is known already is drawn after that.
    void Promise.resolve().then(() => {
      if (this.state === 'gone') return;
      this.state = 'shown';
      prompt.shown();
      this.draw();
    });
  }

  destroy(): void {
    this.prompt.answered.disconnect(this.draw, this);
    if (this.state === 'shown') this.prompt.hidden();
    this.state = 'gone';
  }

  private draw(): void {
    const { view, prompt } = this;
    // A text with another kind of line ends has other places in an editor: no mark is better than one that is off.
    const found = prompt.text.length === view.state.doc.length ? prompt.findings : [];
    const diagnostics = found.map(finding => ({
      from: finding.start,
      to: finding.end,
      severity: finding.severity,
      message: `${finding.code} ${finding.message}`.trim(),
      markClass: 'o1-finding',
      renderMessage: () => card(finding, prompt, this.findings, this.trans)
    }));
    view.dispatch(setDiagnostics(view.state, diagnostics));
  }

  private state: 'new' | 'shown' | 'gone' = 'new';
}
