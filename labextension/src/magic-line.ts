// How a prompt looks while it is written: Markdown, with a magic line that can be read and {{names}} that stand out.

import { type Extension, RangeSetBuilder, type Text } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view';

import { MAGIC, magicLine, placeholders, words } from './cell.js';

const LINE = Decoration.line({ class: 'o1-magic-line' });
const marks = Object.fromEntries(
  ['magic', 'flag', 'value', 'name'].map(kind => [kind, Decoration.mark({ class: `o1-${kind}` })])
) as Record<'magic' | 'flag' | 'value' | 'name', Decoration>;

/** Return what marks the magic line and the names of a prompt. */
export function magicLineMarks(): Extension {
  return ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = decorated(view.state.doc);
      }
      update(update: ViewUpdate): void {
        if (update.docChanged) this.decorations = decorated(update.state.doc);
      }
    },
    { decorations: plugin => plugin.decorations }
  );
}

function decorated(doc: Text): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const text = doc.toString();
  const line = magicLine(text);
  if (!line) return builder.finish();
  const from = doc.lineAt(line.start).from;
  builder.add(from, from, LINE);
  builder.add(line.start, line.start + MAGIC.length, marks.magic);
  for (const word of words(text, line)) builder.add(word.start, word.end, word.isFlag ? marks.flag : marks.value);
  for (const name of placeholders(text)) builder.add(name.start, name.end, marks.name);
  return builder.finish();
}
