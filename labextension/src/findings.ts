// What the linter says of a prompt cell, as the parts of this extension hand it to each other.

import type { ICellModel } from '@jupyterlab/cells';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { Edit } from './edits.js';

/** How much a finding matters. */
export type Severity = 'error' | 'warning' | 'info';

/** Edits that belong together, in order of position; `safe` ones keep every word of the person. */
export interface Fix {
  readonly safe: boolean;
  readonly title: string;
  readonly edits: readonly Edit[];
}

/** One finding on the text that the cell holds now, in UTF-16 units; `key` stays the same while the text moves. */
export interface Finding {
  readonly key: number;
  /** A rule's code, "" where it is the magic line that cannot be read. */
  readonly code: string;
  readonly name: string;
  readonly severity: Severity;
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly fix: Fix | null;
}

/** The findings of all prompt cells that are on the screen, and what can be done about them. */
export interface IFindings {
  /** Emitted with a cell whose findings, or whose prompt itself, are others than before. */
  readonly changed: ISignal<IFindings, ICellModel>;
  /** Return the findings of a cell, in order of position; none for a cell that is no prompt. */
  of(cell: ICellModel): readonly Finding[];
  /** Apply a finding's fix, as one step of undo; false where the text has changed and it fits no more. */
  apply(cell: ICellModel, finding: Finding): boolean;
  /** Apply what `o1magic.fix` would, as one step of undo; false where there was nothing to fix. */
  applyAll(cell: ICellModel): Promise<boolean>;
  /** Have the cell's magic line ignore a rule; false where it does already. */
  ignore(cell: ICellModel, code: string): boolean;
  /** Open the page of a rule. */
  explain(code: string): void;
}

/** What a plugin requires to get at the findings. */
export const IFindings = new Token<IFindings>('o1magic:IFindings', 'The findings of the prompt linter.');
