// The quiet line under a prompt: what sending it would take.

import type { Extension } from '@codemirror/state';
import { type EditorView, type Panel, showPanel } from '@codemirror/view';
import type { TranslationBundle } from '@jupyterlab/translation';

import { element } from './card.js';
import { parts } from './estimate.js';
import type { Prompt } from './prompts.js';

/** Return the line under a prompt's editor. */
export function strip(prompt: Prompt, trans: TranslationBundle): Extension {
  return showPanel.of((view: EditorView): Panel => {
    const dom = element('div', 'o1-strip');
    dom.setAttribute('role', 'note');
    dom.setAttribute('aria-label', trans.__('What sending this prompt would take'));
    const draw = () => {
      dom.replaceChildren(...shown(prompt, trans));
      dom.hidden = dom.childElementCount === 0;
      view.requestMeasure();
    };
    draw();
    return {
      dom,
      mount: () => prompt.answered.connect(draw),
      destroy: () => prompt.answered.disconnect(draw)
    };
  });
}

function shown(prompt: Prompt, trans: TranslationBundle): HTMLElement[] {
  if (prompt.trouble !== null) return [element('span', 'o1-mod-warns', prompt.trouble)];
  if (!prompt.estimate) return [];
  return parts(prompt.estimate, trans).map(part => {
    const node = element('span', part.warns ? 'o1-mod-warns' : '', part.text);
    if (part.title) node.title = part.title;
    return node;
  });
}
