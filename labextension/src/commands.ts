// The commands of prompts: in the palette, the Edit menu, the notebook's toolbar, and on keys (see schema/prompts.json).

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { type ICommandPalette, InputDialog, Notification } from '@jupyterlab/apputils';
import type { Cell, ICellModel } from '@jupyterlab/cells';
import type { CodeMirrorEditor } from '@jupyterlab/codemirror';
import { type INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { commenting, isPrompt, MAGIC, offersAt } from './cell.js';
import type { Finding } from './findings.js';
import { promptIcon } from './icon.js';
import type { Prompts } from './prompts.js';
import type { Area, RulePages } from './rule-page.js';

/** What the commands work with. */
export interface Means {
  readonly app: JupyterFrontEnd;
  readonly area: Area;
  readonly tracker: INotebookTracker;
  readonly prompts: Prompts;
  readonly pages: RulePages;
  readonly trans: TranslationBundle;
}

/** Add the commands, those for people to the palette too. */
export function addCommands(means: Means, palette: ICommandPalette | null): void {
  const { app, tracker, prompts, trans } = means;
  const add = (name: string, label: string, caption: string, execute: (args: { code?: unknown }) => unknown) => {
    const isEnabled = () => tracker.currentWidget !== null;
    const icon = name === 'insert-prompt' ? promptIcon : undefined;
    app.commands.addCommand(`o1magic:${name}`, { label, caption, execute, isEnabled, ...(icon && { icon }) });
    if (caption) palette?.addItem({ command: `o1magic:${name}`, category: trans.__('Prompts') });
  };
  const insert = trans.__('Insert a %1 cell below, or make the empty cell you are in one', MAGIC);
  add('insert-prompt', trans.__('Insert Prompt Cell'), insert, () => insertPrompt(means));
  const list = trans.__('List the findings of every %1 cell of this notebook', MAGIC);
  add('lint-notebook', trans.__('Lint All Prompts of This Notebook'), list, () => listFindings(means));
  const fix = trans.__('Apply the fixes that keep every word, in every %1 cell of this notebook', MAGIC);
  add('fix-notebook', trans.__('Apply All Safe Fixes to Prompts'), fix, () => fixAll(means));
  const explain = trans.__('Open the page of a rule: the one found at the cursor, or one you choose');
  add('explain-rule', trans.__('Explain Lint Rule…'), explain, args => explainRule(means, args.code));
  const next = trans.__('Go to the next finding in a prompt, in this cell or a later one');
  add('next-finding', trans.__('Next Finding in Prompts'), next, () => step(means, 1));
  const previous = trans.__('Go to the finding before, in this cell or an earlier one');
  add('previous-finding', trans.__('Previous Finding in Prompts'), previous, () => step(means, -1));
  const here = trans.__('Open what can be done about the finding at the cursor');
  add('fixes-here', trans.__('Quick Fixes of a Finding'), here, () => fixesHere(means));
  const comment = trans.__('Comment the selected lines of a prompt out, as Markdown does; they are still sent');
  add('toggle-comment', trans.__('Toggle Comment in Prompt'), comment, () => {
    const cell = tracker.activeCell;
    if (!cell?.editor) return;
    const [from, to] = selection(cell);
    const edits = commenting(cell.model.sharedModel.source, from, to);
    if (edits.length) prompts.prompt(cell.model).edit(edits);
  });
  add('complete', trans.__('Complete in Prompt, or Indent'), '', () => complete(means));
}

async function insertPrompt({ tracker }: Means): Promise<void> {
  const notebook = tracker.currentWidget?.content;
  if (!notebook) return;
  const isFree = notebook.activeCell?.model.type === 'code' && !notebook.activeCell.model.sharedModel.source.trim();
  if (!isFree) NotebookActions.insertBelow(notebook);
  if (notebook.activeCell?.model.type !== 'code') NotebookActions.changeCellType(notebook, 'code');
  const cell = notebook.activeCell;
  if (!cell) return;
  cell.model.sharedModel.setSource(`${MAGIC}\n`);
  notebook.mode = 'edit';
  await cell.ready;
  cell.editor?.setCursorPosition({ line: 1, column: 0 });
  cell.editor?.focus();
}

async function listFindings(means: Means): Promise<void> {
  const { app, area, tracker, prompts, trans } = means;
  const panel = tracker.currentWidget;
  if (!panel) return;
  const { walkList } = await import('./walk.js');
  const cells = () => promptCells(panel).map(cell => cell.model);
  const go = (model: ICellModel, finding: Finding) => {
    const cell = panel.content.widgets.find(one => one.model === model);
    app.shell.activateById(panel.id);
    if (cell) void show(means, panel, cell, finding);
  };
  const widget = walkList({ panel, prompts, trans, cells, go, fixAll: () => fixAll(means, panel) });
  widget.id = `o1magic-walk-${panel.id}`;
  for (const old of [...app.shell.widgets(area)]) if (old.id === widget.id) old.dispose();
  app.shell.add(widget, area);
  app.shell.activateById(widget.id);
}

async function fixAll({ tracker, prompts, trans }: Means, panel = tracker.currentWidget): Promise<void> {
  const cells = panel ? promptCells(panel) : [];
  const done = await Promise.all(cells.map(cell => prompts.applyAll(cell.model)));
  const count = done.filter(Boolean).length;
  Notification.info(trans._n('%1 prompt was changed', '%1 prompts were changed', count, count), { autoClose: 3000 });
}

async function explainRule(means: Means, code: unknown): Promise<void> {
  const { prompts, pages, tracker, trans } = means;
  if (typeof code === 'string') return pages.open(code);
  const cell = tracker.activeCell;
  const here = cell && prompts.of(cell.model).find(one => one.code && at(one, cell));
  if (here) return pages.open(here.code);
  const rules = await pages.rules();
  const items = rules.map(rule => `${rule.code} ${rule.name}`);
  const chosen = await InputDialog.getItem({ title: trans.__('Which rule?'), items });
  if (chosen.button.accept && chosen.value) await pages.open(chosen.value.split(' ')[0]!);
}

/** Go to the finding after, or before, the place where the cursor is; around the end of the notebook. */
async function step(means: Means, direction: 1 | -1): Promise<void> {
  const panel = means.tracker.currentWidget;
  if (!panel) return;
  const cells = promptCells(panel);
  await Promise.all(cells.map(cell => means.prompts.prompt(cell.model).settled()));
  const places = cells.flatMap(cell => means.prompts.of(cell.model).map(finding => ({ cell, finding })));
  if (!places.length) return;
  const active = panel.content.activeCellIndex;
  const from = panel.content.activeCell?.editor ? selection(panel.content.activeCell)[0] : 0;
  const order = (place: { cell: Cell; finding: Finding }) =>
    panel.content.widgets.indexOf(place.cell) - active || place.finding.start - from;
  // In command mode nothing is selected yet: the finding at the very beginning of the cell counts as the next one.
  const isBehind = (n: number) => (direction > 0 ? n > 0 || (n === 0 && panel.content.mode === 'command') : n < 0);
  const ahead = places.filter(place => isBehind(order(place)));
  const next = direction > 0 ? (ahead[0] ?? places[0]!) : (ahead.at(-1) ?? places.at(-1)!);
  await show(means, panel, next.cell, next.finding);
}

async function fixesHere(means: Means): Promise<void> {
  const panel = means.tracker.currentWidget;
  const cell = panel?.content.activeCell;
  if (!panel || !cell?.editor) return;
  const finding = means.prompts.of(cell.model).find(one => at(one, cell));
  if (!finding) return;
  await show(means, panel, cell, finding, true);
}

/** Select a finding in its cell, with its card open. */
async function show(means: Means, panel: NotebookPanel, cell: Cell, finding: Finding, focus = false): Promise<void> {
  const notebook = panel.content;
  notebook.activeCellIndex = notebook.widgets.indexOf(cell);
  await notebook.scrollToCell(cell);
  await cell.ready;
  notebook.mode = 'edit';
  const view = viewOf(cell);
  const now = means.prompts.of(cell.model).find(one => one.key === finding.key);
  if (!view || !now) return;
  const { pin } = await import('./written.js');
  const { prompts, trans } = means;
  pin(view, { finding: now, prompt: prompts.prompt(cell.model), findings: prompts, trans, focus });
}

/** Complete where there is something to complete; elsewhere do what Tab does in a text. */
function complete({ app, tracker }: Means): unknown {
  const cell = tracker.activeCell;
  const view = cell && viewOf(cell);
  if (!cell || !view) return undefined;
  const { main } = view.state.selection;
  if (main.empty && offersAt(cell.model.sharedModel.source, main.head))
    return app.commands.execute('completer:invoke-notebook');
  const unit = cell.editor?.getOption('indentUnit');
  const indent = unit === 'Tab' ? '\t' : ' '.repeat(Number(unit) || 4);
  return view.dispatch(view.state.replaceSelection(indent), { scrollIntoView: true, userEvent: 'input' });
}

function promptCells(panel: NotebookPanel): Cell[] {
  return panel.content.widgets.filter(cell => cell.model.type === 'code' && isPrompt(cell.model.sharedModel.source));
}

function viewOf(cell: Cell): CodeMirrorEditor['editor'] | undefined {
  return (cell.editor as CodeMirrorEditor | null)?.editor;
}

function selection(cell: Cell): [number, number] {
  const main = viewOf(cell)?.state.selection.main;
  return [main?.from ?? 0, main?.to ?? 0];
}

function at(finding: Finding, cell: Cell): boolean {
  const [from] = selection(cell);
  return finding.start <= from && from <= finding.end;
}
