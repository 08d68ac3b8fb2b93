// The plugin of prompt cells: hands JupyterLab's services to the modules that need them.

import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { ICellModel } from '@jupyterlab/cells';
import { EditorExtensionRegistry, IEditorExtensionRegistry, IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

import { ask, RequestError } from './api.js';
import { isPrompt } from './cell.js';
import { addCommands } from './commands.js';
import { IFindings } from './findings.js';
import { gate, type Kind } from './gate.js';
import { type Preview, Prompts, type Wishes } from './prompts.js';
import { type Rule, RulePages } from './rule-page.js';

const MARKDOWN = 'text/x-ipythongfm';
const DEFAULTS: Wishes = { lint: true, estimate: true, ignore: [], delay: 300 };

export const promptsPlugin: JupyterFrontEndPlugin<IFindings> = {
  id: 'o1magic:prompts',
  description: 'Lints prompt cells while they are written, and says what sending them would take.',
  autoStart: true,
  provides: IFindings,
  requires: [IEditorExtensionRegistry, IEditorLanguageRegistry, INotebookTracker, IRenderMimeRegistry],
  optional: [ISettingRegistry, ITranslator, ICommandPalette, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    extensions: IEditorExtensionRegistry,
    languages: IEditorLanguageRegistry,
    tracker: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    settings: ISettingRegistry | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    labShell: ILabShell | null
  ): IFindings => {
    const trans = (translator ?? nullTranslator).load('o1magic');
    const server = app.serviceManager.serverSettings;
    const area = labShell ? 'down' : 'right';
    const pages = new RulePages(app, area, rendermime, trans, () => ask<Rule[]>('rules', server));
    let wishes = DEFAULTS;
    const prompts = new Prompts({
      wishes: () => wishes,
      ask: (question, signal) => ask<Preview>('lint', server, { body: question, signal }),
      kernelOf: cell => kernelOf(cell, tracker),
      explain: code => void pages.open(code),
      trouble: error => trouble(error, trans)
    });
    const load = async (cell: ICellModel, kind: Kind) => {
      if (kind === 'lines') return (await import('./written.js')).underlined(prompts.prompt(cell), prompts, trans);
      const [{ written }, language] = await Promise.all([import('./written.js'), languages.getLanguage(MARKDOWN)]);
      return written(prompts.prompt(cell), prompts, trans, language?.support ?? []);
    };
    extensions.addExtension({
      name: 'o1magic:prompt',
      factory: ({ model }) =>
        isCodeCell(model) ? EditorExtensionRegistry.createImmutableExtension(gate(kind => load(model, kind))) : null
    });
    NotebookActions.executed.connect((_, { cell }) => {
      if (isPrompt(cell.model.sharedModel.source)) prompts.spent(cell.model);
    });
    const attend = ({ sessionContext, content }: NotebookPanel) =>
      sessionContext.kernelChanged.connect(() => content.widgets.forEach(({ model }) => prompts.attached(model)));
    tracker.forEach(attend);
    tracker.widgetAdded.connect((_, panel) => attend(panel));
    tracker.activeCellChanged.connect((_, cell) => cell && prompts.visited(cell.model));
    addCommands({ app, area, tracker, prompts, pages, trans }, palette);
    void settings?.load(promptsPlugin.id).then(loaded => {
      const read = () => {
        wishes = { ...DEFAULTS, ...(loaded.composite as Partial<Wishes>) };
        for (const cell of cellsOf(tracker)) prompts.refresh(cell);
      };
      loaded.changed.connect(read);
      read();
    });
    return prompts;
  }
};

function isCodeCell(model: object): model is ICellModel {
  return (model as Partial<ICellModel>).type === 'code';
}

function* cellsOf(tracker: INotebookTracker): Generator<ICellModel> {
  for (const panel of panelsOf(tracker)) for (const cell of panel.content.widgets) yield cell.model;
}

function kernelOf(cell: ICellModel, tracker: INotebookTracker): string | null {
  const panel = panelsOf(tracker).find(one => one.content.widgets.some(widget => widget.model === cell));
  const id = panel?.sessionContext.session?.kernel?.id ?? '';
  // Of a kernel that somebody else named, the server would take no id.
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id : null;
}

function panelsOf(tracker: INotebookTracker) {
  const found = tracker.filter(() => true);
  // The one that is looked at comes first: it is nearly always the one asked for.
  return tracker.currentWidget ? [tracker.currentWidget, ...found] : found;
}

/** Return a sentence about a request that failed. */
function trouble(error: unknown, trans: TranslationBundle): string {
  if (!(error instanceof RequestError)) return trans.__('o1magic: the answer cannot be read');
  if (error.status === 404) return trans.__('o1magic: its server extension is not enabled, so prompts are not linted');
  if (error.status === 0) return trans.__('o1magic: the server does not answer');
  return `o1magic: ${error.message}`;
}
