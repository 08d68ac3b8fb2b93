// The models that are known, in the sidebar: their limits, prices and last days.

import type { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { dollars, short } from '../../o1magic/jupyter/chart.js';
import { ask } from './api.js';
import { dayOf } from './bundles.js';
import { element } from './card.js';

interface Model {
  readonly name: string;
  readonly context_window: number | null;
  readonly max_output: number | null;
  readonly shutdown: string | null;
  readonly successor: string | null;
  readonly input_nano_usd_per_mtok: number | null;
  readonly cached_nano_usd_per_mtok: number | null;
  readonly output_nano_usd_per_mtok: number | null;
}

interface Models {
  readonly default: string;
  readonly models: readonly Model[];
}

export class ModelsView extends Widget {
  constructor(
    private readonly server: ServerConnection.ISettings,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('o1-sidebar-models');
    this.title.label = trans.__('Models');
  }

  /** Ask for the catalog when it is first unfolded, and again where that failed. */
  protected override onAfterShow(): void {
    if (this.asked) return;
    this.asked = true;
    ask<Models>('models', this.server).then(
      told => this.draw(told),
      (error: Error) => {
        this.asked = false;
        this.node.replaceChildren(element('p', 'o1-quiet', error.message));
      }
    );
  }

  private draw(told: Models): void {
    const { trans } = this;
    const today = dayOf(new Date());
    const over = ({ shutdown }: Model): boolean => shutdown !== null && shutdown <= today;
    const said = element('p', 'o1-quiet', trans.__('Prices per million tokens of input and of output.'));
    const list = (models: readonly Model[]): HTMLElement => {
      const node = element('ul', 'o1-models');
      node.append(...models.map(one => this.line(one, one.name === told.default, over(one))));
      return node;
    };
    const gone = element('h4', 'o1-quiet', trans.__('Shut down at OpenAI; other endpoints may serve them'));
    const served = told.models.filter(one => !over(one));
    this.node.replaceChildren(said, list(served), gone, list(told.models.filter(over)));
  }

  private line(one: Model, standard: boolean, over: boolean): HTMLElement {
    const { trans } = this;
    const count = (value: number | null): string => (value === null ? trans.__('unknown') : short(value));
    const money = (value: number | null): string => (value === null ? trans.__('unknown') : dollars(value));
    const item = element('li', over ? 'o1-over' : '');
    const head = element('div', 'o1-model');
    const name = element('span', 'o1-model-name', one.name);
    if (standard) name.append(element('span', 'o1-default', trans.__('default')));
    const [input, output] = [money(one.input_nano_usd_per_mtok), money(one.output_nano_usd_per_mtok)];
    const price = input === output ? input : trans.__('%1 · %2', input, output);
    const cached = money(one.cached_nano_usd_per_mtok);
    const prices = element('span', '', price);
    prices.title = trans.__('Input %1, cached input %2, output %3', input, cached, output);
    head.append(name, prices);
    const limits = trans.__('%1 window · %2 output', count(one.context_window), count(one.max_output));
    item.append(head, element('div', 'o1-quiet', limits));
    if (one.shutdown) {
      const end = over ? trans.__('since %1', one.shutdown) : trans.__('shuts down on %1', one.shutdown);
      const then = one.successor ? trans.__('%1, then %2', end, one.successor) : end;
      item.append(element('div', over ? 'o1-quiet' : 'o1-ending', then));
    }
    return item;
  }

  private asked = false;
}
