// The pages of the rules, shown by JupyterLab's own Markdown renderer, which sanitises what it shows.

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget } from '@jupyterlab/apputils';
import { type IRenderMimeRegistry, MimeModel } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';

import { promptIcon } from './icon.js';

/** Where a tab stands that is read beside a notebook: below it in JupyterLab, right of it where there is no such place. */
export type Area = 'down' | 'right';

/** A rule, as the server tells it; `page` is Markdown. */
export interface Rule {
  readonly code: string;
  readonly name: string;
  readonly severity: string;
  readonly page: string;
}

/** Shows rules in one tab. */
export class RulePages {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly area: Area,
    private readonly rendermime: IRenderMimeRegistry,
    private readonly trans: TranslationBundle,
    private readonly load: () => Promise<readonly Rule[]>
  ) {}

  /** Return every rule, asked for once. */
  async rules(): Promise<readonly Rule[]> {
    this.known ??= this.load();
    try {
      return await this.known;
    } catch (error) {
      this.known = null;
      throw error;
    }
  }

  /** Open the page of a rule beside the notebook, which stays in sight. */
  async open(code: string): Promise<void> {
    const rule = (await this.rules()).find(one => one.code === code);
    if (!rule) return;
    const renderer = this.rendermime.createRenderer('text/markdown');
    renderer.addClass('o1-rule');
    const source = `# ${rule.code} ${rule.name}\n\n${rule.page}`;
    await renderer.renderModel(new MimeModel({ data: { 'text/markdown': source }, trusted: false }));
    const widget = new MainAreaWidget({ content: renderer });
    widget.id = 'o1magic-rule';
    widget.title.label = rule.code;
    widget.title.caption = this.trans.__('About the rule %1', `${rule.code} ${rule.name}`);
    widget.title.icon = promptIcon;
    widget.title.closable = true;
    this.shown?.dispose();
    this.shown = widget;
    this.app.shell.add(widget, this.area);
    this.app.shell.activateById(widget.id);
  }

  private known: Promise<readonly Rule[]> | null = null;
  private shown: MainAreaWidget | null = null;
}
