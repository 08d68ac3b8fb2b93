// What JupyterLab loads: this module only lists the plugins; each lives in the module that its name says.

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

const plugins: JupyterFrontEndPlugin<void>[] = [];

export default plugins;
