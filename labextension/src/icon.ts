// The icon of prompts, in JupyterLab's colours.

import { LabIcon } from '@jupyterlab/ui-components';

/** A speech bubble with a spark in it. */
export const promptIcon = new LabIcon({
  name: 'o1magic:prompt',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M4 3h16a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zm0
   2v11h2v2l2.4-2H20V5zm8 1.2 1.2 3.1 3.1 1.2-3.1 1.2L12 14.8l-1.2-3.1-3.1-1.2 3.1-1.2z"/>
</svg>`
});
