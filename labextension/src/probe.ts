// Whether a kernel has o1magic, asked without a trace: no code, no history, no output, and never while it is busy.

import type { Kernel } from '@jupyterlab/services';

/** What an idle kernel tells: whether o1magic is there and loaded, and what its session in the ledger is called. */
export interface Told {
  readonly about: 'missing' | 'unloaded' | 'loaded' | 'unknown';
  readonly session: string | null;
}

// Evaluated by the kernel in this order; one that fails is an error of its own in the reply, and shown to nobody.
const EXPRESSIONS = {
  found: "__import__('importlib.util').util.find_spec('o1magic') is not None",
  loaded: "'o1' in get_ipython().magics_manager.magics['cell']",
  session: "__import__('sys').modules['o1magic.config'].session"
};

/** Return what a kernel tells of o1magic. */
export async function probe(kernel: Kernel.IKernelConnection): Promise<Told> {
  const content = { code: '', silent: true, store_history: false, allow_stdin: false };
  const reply = await kernel.requestExecute({ ...content, user_expressions: EXPRESSIONS }, true).done;
  return reply.content.status === 'ok' ? read(reply.content.user_expressions) : { about: 'unknown', session: null };
}

/** Return what the values of the expressions mean; they come as Python prints them. */
export function read(values: Readonly<Record<string, unknown>>): Told {
  const said = (name: keyof typeof EXPRESSIONS): string => {
    const value = values[name] as { data?: Record<string, unknown> } | undefined;
    return String(value?.data?.['text/plain'] ?? '');
  };
  const session = /^'([0-9a-f-]{32,45})'$/.exec(said('session'))?.[1] ?? null;
  if (said('found') === 'False') return { about: 'missing', session };
  if (said('found') !== 'True') return { about: 'unknown', session };
  return { about: said('loaded') === 'True' ? 'loaded' : 'unloaded', session };
}
