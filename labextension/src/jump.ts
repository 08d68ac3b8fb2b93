// From a call to the cell that made it: the output of a call bears the id that the ledger has it under.

import type { ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookTracker, Notebook } from '@jupyterlab/notebook';

import { bundleOf } from './bundles.js';

/** Show the cell whose output is of this call, in the current notebook or another that is open; false: none has it. */
export async function jump(id: string, tracker: INotebookTracker, activate: (id: string) => void): Promise<boolean> {
  const current = tracker.currentWidget;
  const others = tracker.filter(panel => panel !== current);
  for (const panel of current ? [current, ...others] : others) {
    const at = placeOf(id, panel.content);
    if (at < 0) continue;
    activate(panel.id);
    panel.content.deselectAll();
    panel.content.activeCellIndex = at;
    await panel.content.scrollToItem(at, 'center');
    panel.content.activate();
    return true;
  }
  return false;
}

function placeOf(id: string, notebook: Notebook): number {
  return notebook.widgets.findIndex(({ model }) => model.type === 'code' && bears(model as ICodeCellModel, id));
}

function bears({ outputs }: ICodeCellModel, id: string): boolean {
  for (let i = 0; i < outputs.length; i++) {
    if (bundleOf(outputs.get(i).data)?.id === id) return true;
  }
  return false;
}
