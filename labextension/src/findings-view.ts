// The findings of the active cell, in the sidebar: what the linter says, and its fixes as buttons.

import type { ICellModel } from '@jupyterlab/cells';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { card, element } from './card.js';
import { isPrompt, MAGIC } from './cell.js';
import type { IFindings } from './findings.js';

export class FindingsView extends Widget {
  constructor(
    private readonly tracker: INotebookTracker,
    private readonly findings: IFindings,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('o1-sidebar-findings');
    this.title.label = trans.__('Findings in this cell');
    tracker.activeCellChanged.connect(this.update, this);
    findings.changed.connect((_, cell) => {
      if (cell === this.cell) this.update();
    }, this);
    this.update();
  }

  override dispose(): void {
    Signal.clearData(this);
    super.dispose();
  }

  protected override onUpdateRequest(): void {
    const { cell, trans, findings } = this;
    const found = cell ? findings.of(cell) : [];
    if (!cell || !found.length) {
      const prompt = cell && isPrompt(cell.sharedModel.getSource());
      const said = prompt
        ? trans.__('Nothing found in this prompt.')
        : trans.__('The active cell is no %1 prompt.', MAGIC);
      this.node.replaceChildren(element('p', 'o1-quiet', said));
      return;
    }
    const focused = this.node.contains(document.activeElement);
    this.node.replaceChildren(...found.map(one => card(one, { cell }, findings, trans)));
    if (focused) this.node.querySelector('button')?.focus();
  }

  private get cell(): ICellModel | null {
    return this.tracker.activeCell?.model ?? null;
  }
}
