// The server extension, as the browser asks it: the only fetch of this extension.

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** The server extension did not answer as it should; the message says why, for people. */
export class RequestError extends Error {
  /** `status` is that of the reply, 0 where there was none. */
  constructor(
    message: string,
    readonly status: number
  ) {
    super(message);
  }
}

/** Return what the server extension answers to a path below /o1magic/; posts `body` where there is one. */
export async function ask<T>(
  path: string,
  settings: ServerConnection.ISettings,
  options: { body?: unknown; signal?: AbortSignal } = {}
): Promise<T> {
  const url = URLExt.join(settings.baseUrl, 'o1magic', path);
  const init: RequestInit = options.body === undefined ? {} : { method: 'POST', body: JSON.stringify(options.body) };
  if (options.signal) init.signal = options.signal;
  const response = await ServerConnection.makeRequest(url, init, settings).catch((error: Error) => {
    if (options.signal?.aborted) throw error;
    throw new RequestError(error.message, 0);
  });
  const text = await response.text();
  if (!response.ok) throw new RequestError(said(text) ?? response.statusText, response.status);
  return JSON.parse(text) as T;
}

/** Return the sentence that an error's body holds, undefined where it is not one of ours. */
function said(text: string): string | undefined {
  try {
    const message: unknown = JSON.parse(text)?.message;
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
