// The icons of prompts and of the sidebar, in JupyterLab's colours.

import { LabIcon } from '@jupyterlab/ui-components';

/** A speech bubble with a spark in it. */
export const promptIcon = new LabIcon({
  name: 'o1magic:prompt',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M4 3h16a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zm0
   2v11h2v2l2.4-2H20V5zm8 1.2 1.2 3.1 3.1 1.2-3.1 1.2L12 14.8l-1.2-3.1-3.1-1.2 3.1-1.2z"/>
</svg>`
});

/** An o, and a one beside it. */
export const sidebarIcon = new LabIcon({
  name: 'o1magic:sidebar',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path fill-rule="evenodd" d="M8.5 6a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13zm0 2.8a3.7 3.7 0 1 1 0 7.4a3.7 3.7 0 1 1 0-7.4z"/>
    <path d="M19.2 5h2.6v14H19V8.4l-2.2 1.3V6.7z"/>
  </g>
</svg>`
});
