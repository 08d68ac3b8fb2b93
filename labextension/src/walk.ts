// All findings of a notebook as a list that can be walked through: the answer to "Lint All Prompts".

import { MainAreaWidget, ToolbarButton } from '@jupyterlab/apputils';
import type { ICellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { checkIcon, refreshIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';

import { element, mark } from './card.js';
import type { Finding } from './findings.js';
import { promptIcon } from './icon.js';
import type { Prompts } from './prompts.js';

/** What the list does with a notebook. */
export interface Walk {
  readonly panel: NotebookPanel;
  readonly prompts: Prompts;
  readonly trans: TranslationBundle;
  /** Return the prompt cells, in order. */
  cells(): readonly ICellModel[];
  go(cell: ICellModel, finding: Finding): void;
  fixAll(): Promise<void>;
}

/** Return a tab that lists the findings of all prompts of a notebook, and follows them. */
export function walkList(walk: Walk): MainAreaWidget {
  const { trans, prompts, panel } = walk;
  const content = new Widget();
  content.addClass('o1-walk');
  const widget = new MainAreaWidget({ content });
  widget.title.label = trans.__('Prompts of %1', panel.title.label);
  widget.title.icon = promptIcon;
  widget.title.closable = true;
  const draw = () => content.node.replaceChildren(...drawn(walk));
  const look = async () => {
    await Promise.all(walk.cells().map(cell => prompts.prompt(cell).settled()));
    if (!content.isDisposed) draw();
  };
  widget.toolbar.addItem(
    'look',
    new ToolbarButton({ icon: refreshIcon, tooltip: trans.__('Lint all prompts again'), onClick: () => void look() })
  );
  const label = trans.__('Apply All Safe Fixes');
  const fix = new ToolbarButton({ icon: checkIcon, label, onClick: () => void walk.fixAll().then(look) });
  widget.toolbar.addItem('fix', fix);
  prompts.changed.connect(draw);
  widget.disposed.connect(() => prompts.changed.disconnect(draw));
  panel.disposed.connect(() => widget.dispose());
  draw();
  void look();
  return widget;
}

function drawn(walk: Walk): HTMLElement[] {
  const { trans, prompts } = walk;
  const cells = walk.cells();
  const found = cells.map(cell => prompts.of(cell));
  const count = found.reduce((sum, one) => sum + one.length, 0);
  const inAll = trans._n('%1 finding', '%1 findings', count, count);
  const of = trans._n('in %1 prompt', 'in %1 prompts', cells.length, cells.length);
  const head = element('p', 'o1-walk-head', cells.length ? `${inAll} ${of}` : trans.__('No prompt cells here.'));
  head.setAttribute('role', 'status');
  return [head, ...cells.map((cell, index) => section(walk, cell, index + 1))];
}

function section(walk: Walk, cell: ICellModel, number: number): HTMLElement {
  const { trans, prompts } = walk;
  const node = element('section', 'o1-walk-cell');
  const findings = prompts.of(cell);
  const { trouble } = prompts.prompt(cell);
  node.append(element('h4', '', trans.__('Prompt %1: %2', number, beginning(cell))));
  if (trouble !== null) node.append(element('p', 'o1-mod-warns', trouble));
  else if (!findings.length) node.append(element('p', 'o1-walk-none', trans.__('nothing found')));
  for (const finding of findings) {
    const row = element('button', 'o1-walk-row');
    row.setAttribute('type', 'button');
    row.append(
      mark(finding.severity, trans),
      element('b', '', finding.code),
      ' ',
      element('span', '', finding.message)
    );
    row.addEventListener('click', () => walk.go(cell, finding));
    node.append(row);
  }
  return node;
}

/** Return the first words of a prompt. */
function beginning(cell: ICellModel): string {
  const [, ...lines] = cell.sharedModel.source.trimStart().split('\n');
  const text = lines.join(' ').trim();
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
