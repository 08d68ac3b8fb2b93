// The sidebar: the current notebook's session as the shared chart draws it, the findings of its cell, the models.

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon, SidePanel, Toolbar } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { type AccordionPanel, Widget } from '@lumino/widgets';

import { mount, type Mounted, type Scope, translate } from '../../o1magic/jupyter/chart.js';
import { element } from './card.js';
import { Feed } from './feed.js';
import type { IFindings } from './findings.js';
import { FindingsView } from './findings-view.js';
import { jump } from './jump.js';
import { ModelsView } from './models-view.js';
import { notices } from './notices.js';

export interface Parts {
  readonly tracker: INotebookTracker;
  readonly findings: IFindings | null;
  readonly server: ServerConnection.ISettings;
  readonly trans: TranslationBundle;
  /** Brings a document to the front. */
  readonly activate: (id: string) => void;
}

export class Sidebar extends SidePanel {
  constructor(private readonly parts: Parts) {
    super();
    const { tracker, findings, server, trans } = parts;
    this.addClass('o1-sidebar');
    this.feed = new Feed(server);
    this.header.addWidget(new Widget({ node: this.name }));
    this.notices.setAttribute('role', 'status');
    this.header.addWidget(new Widget({ node: this.notices }));
    this.fillToolbar(trans);
    translate((text, ...values) => trans.__(text, ...values));
    const calls = new Widget();
    calls.addClass('o1-sidebar-calls');
    calls.title.label = trans.__('Calls');
    this.chart = mount(calls.node, { stop: id => this.feed.stop(id), open: id => void this.open(id) });
    this.addWidget(calls);
    if (findings) this.addWidget(new FindingsView(tracker, findings, trans));
    this.addWidget(new ModelsView(server, trans));
    this.feed.changed.connect(this.update, this);
    tracker.currentChanged.connect(this.follow, this);
    this.follow();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.feed.dispose();
    this.chart.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.feed.watched = true;
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.feed.watched = this.isVisible;
    // A section remembers, when it is folded, the height that it had: it must have had one.
    const sections = this.content as AccordionPanel;
    const share = this.widgets.length > 2 ? [5, 2] : [5];
    sections.setRelativeSizes([...share, 4]);
    requestAnimationFrame(() => {
      sections.collapse(share.length);
      sections.setRelativeSizes([...share, 0]);
    });
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.feed.watched = false;
  }

  protected override onUpdateRequest(): void {
    this.chart.show(this.feed.state(this.scope), { scope: this.scope });
    const { trans } = this.parts;
    const lines = notices(this.feed.facts, trans).map(({ error, text, code }) => {
      const line = element('p', error ? 'o1-notice o1-error' : 'o1-notice', text);
      if (code) line.append(' ', element('code', '', code));
      return line;
    });
    if (this.lost) lines.push(element('p', 'o1-notice', this.lost));
    const said = lines.map(line => line.textContent).join('\n');
    // A live region is read out whenever it is filled: only what is new is put there.
    if (said !== this.said) this.notices.replaceChildren(...lines);
    this.said = said;
  }

  private follow(): void {
    const panel = this.parts.tracker.currentWidget;
    if (this.panel === panel) return;
    this.panel?.title.changed.disconnect(this.rename, this);
    this.panel = panel;
    panel?.title.changed.connect(this.rename, this);
    this.lost = '';
    this.rename();
    this.feed.follow(panel?.sessionContext ?? null);
  }

  private rename(): void {
    const { panel } = this;
    this.name.textContent = panel?.title.label ?? 'o1magic';
    this.name.title = panel?.context.path ?? '';
  }

  private fillToolbar(trans: TranslationBundle): void {
    const names: Record<Scope, [string, string]> = {
      session: [trans.__('Session'), trans.__('Calls of this notebook since its kernel started')],
      day: [trans.__('Today'), trans.__('Calls of today, all notebooks')],
      all: [trans.__('All time'), trans.__('Every call on record, all notebooks')]
    };
    const group = element('div', 'o1-scopes');
    group.setAttribute('role', 'radiogroup');
    group.setAttribute('aria-label', trans.__('Calls shown'));
    // The toolbar would only move the focus; arrows choose among these.
    group.addEventListener('keydown', event => event.stopPropagation());
    for (const [scope, [name, title]] of Object.entries(names)) {
      const label = element('label');
      label.title = title;
      const input = document.createElement('input');
      Object.assign(input, { type: 'radio', name: 'o1magic-scope', value: scope });
      input.checked = scope === this.scope;
      input.addEventListener('change', () => this.choose(scope as Scope));
      label.append(input, element('span', '', name));
      group.append(label);
    }
    this.toolbar.addItem('scope', new Widget({ node: group }));
    this.toolbar.addItem('space', Toolbar.createSpacerItem());
    // JupyterLab's own toolbar button carries an ARIA attribute that its role does not allow.
    const refresh = element('button', 'o1-icon-button');
    Object.assign(refresh, { type: 'button', title: trans.__('Read the ledger again') });
    refresh.setAttribute('aria-label', refresh.title);
    refresh.addEventListener('click', () => this.feed.refresh());
    refreshIcon.element({ container: refresh, elementPosition: 'center', tag: 'span' });
    this.toolbar.addItem('refresh', new Widget({ node: refresh }));
  }

  private choose(scope: Scope): void {
    this.scope = scope;
    this.feed.refresh();
    this.update();
  }

  private async open(id: string): Promise<void> {
    const { tracker, activate, trans } = this.parts;
    const found = await jump(id, tracker, activate);
    this.lost = found
      ? ''
      : trans.__(
          'No open notebook shows this call: it failed, its output was cleared, or it was made in another notebook or in Python.'
        );
    this.update();
  }

  private readonly feed: Feed;
  private readonly chart: Mounted;
  private readonly name = element('h2', 'o1-name-of-notebook jp-text-truncated');
  private readonly notices = element('div', 'o1-notices');
  private panel: NotebookPanel | null = null;
  private scope: Scope = 'session';
  private lost = '';
  private said = '';
}
