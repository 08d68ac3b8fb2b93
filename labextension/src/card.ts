// What is shown of one finding: its rule, its sentence, and buttons for what can be done about it.

import type { TranslationBundle } from '@jupyterlab/translation';

import { ignoring, MAGIC } from './cell.js';
import type { Finding, IFindings } from './findings.js';
import type { Prompt } from './prompts.js';

/** Return a node that shows a finding of a prompt; `done` is called once something was done about it. */
export function card(
  finding: Finding,
  { cell }: Pick<Prompt, 'cell'>,
  findings: IFindings,
  trans: TranslationBundle,
  done: () => void = () => undefined
): HTMLElement {
  const node = element('div', 'o1-card');
  node.setAttribute('role', 'group');
  node.setAttribute('aria-label', trans.__('Finding %1', finding.code));
  const head = element('div', 'o1-card-head');
  head.append(mark(finding.severity, trans));
  if (!finding.code) head.append(trans.__('This line cannot be read'));
  else head.append(element('b', '', finding.code), ' ', element('span', '', finding.name));
  node.append(head, element('div', 'o1-card-said', finding.message));
  const actions = element('div', 'o1-card-actions');
  const add = (label: string, title: string, act: () => unknown, kind = '') => {
    actions.append(button(label, title, () => (void act(), done()), kind));
  };
  if (finding.fix) {
    const title = finding.fix.safe ? trans.__('Keeps every word of yours') : trans.__('Changes your words');
    add(finding.fix.title, title, () => findings.apply(cell, finding), finding.fix.safe ? 'o1-mod-safe' : '');
  }
  if (findings.of(cell).some(one => one.fix?.safe && one.key !== finding.key)) {
    add(trans.__('Apply all safe fixes'), trans.__('What is sent gets these anyway'), () => findings.applyAll(cell));
  }
  if (finding.code) {
    const { code } = finding;
    if (ignoring(cell.sharedModel.source, code)) {
      add(trans.__('Ignore %1 here', code), trans.__('Writes --ignore on the %1 line', MAGIC), () =>
        findings.ignore(cell, code)
      );
    }
    add(
      trans.__('About this rule'),
      trans.__('Opens the page of %1', code),
      () => findings.explain(code),
      'o1-mod-link'
    );
  }
  // Tab belongs to the editor around it.
  actions.setAttribute('role', 'toolbar');
  actions.addEventListener('keydown', event => walkButtons(event, actions));
  if (actions.childElementCount) node.append(actions);
  return node;
}

function walkButtons(event: KeyboardEvent, actions: HTMLElement): void {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  event.stopPropagation();
  const buttons = [...actions.children] as HTMLElement[];
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  buttons.at((at + step) % buttons.length)?.focus();
}

/** Return a mark that says, in colour, shape and word, how much a finding matters. */
export function mark(severity: Finding['severity'], trans: TranslationBundle): HTMLElement {
  const words = { error: trans.__('Error'), warning: trans.__('Warning'), info: trans.__('Note') };
  const node = element('span', `o1-mark o1-mod-${severity}`);
  node.setAttribute('role', 'img');
  node.setAttribute('aria-label', words[severity]);
  return node;
}

/** Return an element with a class and a text. */
export function element(tag: string, className = '', text = ''): HTMLElement {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.textContent = text;
  return node;
}

function button(label: string, title: string, act: () => void, kind: string): HTMLElement {
  const node = element('button', `o1-action ${kind}`.trim(), label);
  node.title = title;
  node.setAttribute('type', 'button');
  // The editor keeps the focus, and with it the cell its edit mode.
  node.addEventListener('mousedown', event => event.preventDefault());
  node.addEventListener('click', event => {
    event.stopPropagation();
    act();
  });
  return node;
}
