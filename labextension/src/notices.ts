// What the sidebar says above its figures: what is missing, and the way on. Pure.

import type { TranslationBundle } from '@jupyterlab/translation';

import type { Told } from './probe.js';

/** What is known of the current notebook, its kernel and the server. */
export interface Facts {
  readonly notebook: boolean;
  /** The kernel's language, "" while it is not known; null without a kernel. */
  readonly language: string | null;
  readonly about: Told['about'];
  /** The kernel was restarted, and its new session has made no call. */
  readonly fresh: boolean;
  /** Calls of this kernel are not in the ledger that the server reads. */
  readonly elsewhere: boolean;
  /** Why the server did not answer; `status` is 0 where there was no reply. */
  readonly failure: { readonly status: number; readonly message: string } | null;
}

export interface Notice {
  readonly error: boolean;
  readonly text: string;
  /** What to run, shown as code. */
  readonly code?: string;
}

/** Return what is to be said, the most pressing first. */
export function notices(facts: Facts, trans: TranslationBundle): Notice[] {
  const said = failure(facts, trans);
  const kernel = ofKernel(facts, trans);
  return [...(said ? [said] : []), ...kernel];
}

function failure({ failure: found }: Facts, trans: TranslationBundle): Notice | null {
  if (!found) return null;
  if (found.status === 404) {
    const text = trans.__('The o1magic server extension is off. Switch it on, and start the server again:');
    return { error: true, text, code: 'jupyter server extension enable o1magic' };
  }
  if (found.status === 0) return { error: true, text: trans.__('The server does not answer; trying again.') };
  return { error: true, text: found.message };
}

function ofKernel(facts: Facts, trans: TranslationBundle): Notice[] {
  const plain = (text: string, code?: string): Notice => ({ error: false, text, ...(code && { code }) });
  if (!facts.notebook) return [plain(trans.__('No notebook is open: there is no session to show.'))];
  if (facts.language === null) return [plain(trans.__('This notebook has no running kernel.'))];
  if (facts.language && facts.language !== 'python') {
    return [plain(trans.__('o1magic works in Python kernels; this one speaks %1.', facts.language))];
  }
  const found: Notice[] = [];
  if (facts.fresh) found.push(plain(trans.__('The kernel was restarted: a new session, which begins at zero.')));
  if (facts.about === 'missing') {
    found.push(plain(trans.__('The kernel has no o1magic. Install it there, in a cell:'), '%pip install o1magic'));
  }
  if (facts.about === 'unloaded') {
    found.push(plain(trans.__('o1magic is not loaded in this kernel yet. In a cell:'), '%load_ext o1magic'));
  }
  if (facts.elsewhere) {
    found.push(
      plain(
        trans.__(
          'The kernel keeps its ledger elsewhere than this server (another O1MAGIC_LEDGER, or another machine). ' +
            'The session shows what this page heard of; today and all time are those of the server.'
        )
      )
    );
  }
  return found;
}
