// What JupyterLab loads: this module only lists the plugins; each lives in the module that its name says.

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { sidebar } from './dock.js';
import { promptsPlugin } from './wiring.js';

const plugins: JupyterFrontEndPlugin<unknown>[] = [promptsPlugin, sidebar];

export default plugins;
