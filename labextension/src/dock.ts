// The plugin of the sidebar: its place, icon, command and setting. What it shows is imported when it is first shown.

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { BoxLayout, Widget } from '@lumino/widgets';

import { IFindings } from './findings.js';
import { sidebarIcon } from './icon.js';

const ID = 'o1magic:sidebar';
const SHOW = 'o1magic:show-panel';

/** Holds the place of the sidebar until somebody looks. */
class Dock extends Widget {
  constructor(private readonly fill: () => Promise<Widget>) {
    super();
    this.layout = new BoxLayout({ spacing: 0 });
  }

  protected override onBeforeShow(message: Message): void {
    super.onBeforeShow(message);
    if (this.filled) return;
    this.filled = true;
    this.fill().then(
      widget => (this.layout as BoxLayout).addWidget(widget),
      () => (this.filled = false)
    );
  }

  private filled = false;
}

export const sidebar: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Calls, spend and budgets of the current notebook, its findings, and the models, in a sidebar.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ISettingRegistry, ILayoutRestorer, ICommandPalette, ITranslator, IFindings],
  async activate(
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    registry: ISettingRegistry | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null,
    findings: IFindings | null
  ) {
    const trans = (translator ?? nullTranslator).load('o1magic');
    const { shell, commands, serviceManager } = app;
    const dock = new Dock(async () => {
      const { Sidebar } = await import('./sidebar.js');
      const activate = (id: string) => shell.activateById(id);
      return new Sidebar({ tracker, findings, server: serviceManager.serverSettings, trans, activate });
    });
    dock.id = 'o1magic-sidebar';
    dock.title.icon = sidebarIcon;
    dock.title.caption = trans.__('o1magic: calls and spend');
    dock.node.setAttribute('role', 'region');
    dock.node.setAttribute('aria-label', dock.title.caption);
    const place = (side: string) => shell.add(dock, side === 'left' ? 'left' : 'right', { rank: 700, type: 'o1magic' });
    // Awaited: what is put there after the layout was restored would be hidden again.
    await placed(registry, place);
    restorer?.add(dock, dock.id);
    commands.addCommand(SHOW, {
      label: trans.__('Show o1magic Panel'),
      caption: trans.__('Show calls, spend and budgets of the current notebook'),
      icon: sidebarIcon,
      execute: () => shell.activateById(dock.id)
    });
    palette?.addItem({ command: SHOW, category: trans.__('Prompts') });
  }
};

/** Put the sidebar on its side, now and whenever the setting changes. */
async function placed(registry: ISettingRegistry | null, place: (side: string) => void): Promise<void> {
  const settings = await registry?.load(ID).catch(() => null);
  const side = (): string => String(settings?.get('side').composite ?? 'right');
  let now = side();
  place(now);
  settings?.changed.connect(() => {
    if (side() !== now) place((now = side()));
  });
}
