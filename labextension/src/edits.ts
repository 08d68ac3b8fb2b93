// Edits of a text, and what becomes of places in it when it changes. Pure; offsets count UTF-16 units.

/** Replaces text[start..end] by `text`; an insert where start === end. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One change of a shared text, as Yjs tells it: what is kept, inserted or deleted, from the start on. */
export type Delta = readonly { retain?: number; insert?: unknown; delete?: number }[];

/** Return the edits that a change of a shared text comes to, in order of position. */
export function editsOf(delta: Delta): Edit[] {
  const edits: Edit[] = [];
  let at = 0;
  let open: { start: number; end: number; text: string } | null = null;
  for (const step of delta) {
    if (step.retain !== undefined) {
      if (open) edits.push(open);
      open = null;
      at += step.retain;
      continue;
    }
    open ??= { start: at, end: at, text: '' };
    if (step.delete !== undefined) {
      at += step.delete;
      open.end = at;
    } else {
      open.text += String(step.insert ?? '');
    }
  }
  if (open) edits.push(open);
  return edits;
}

/** Return the text with the edits made, which are in order and do not overlap. */
export function edited(text: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const edit of edits) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

/** Return where a span lies after the edits, null where one of them reaches into it. */
export function movedSpan<T extends { start: number; end: number }>(span: T, edits: readonly Edit[]): T | null {
  let shift = 0;
  for (const edit of edits) {
    if (edit.start >= span.end && (span.start < span.end || edit.start > span.end)) break;
    // What is typed right before or behind a word leaves the word; at the very place of an insert, nobody can tell.
    if (edit.end > span.start || (span.start === span.end && edit.end === span.start)) return null;
    shift += edit.text.length - (edit.end - edit.start);
  }
  return { ...span, start: span.start + shift, end: span.end + shift };
}

/** Return where all spans lie after the edits, null where one of them is reached into. */
export function movedSpans<T extends { start: number; end: number }>(
  spans: readonly T[],
  edits: readonly Edit[]
): readonly T[] | null {
  const moved = spans.map(span => movedSpan(span, edits));
  return moved.every(span => span !== null) ? moved : null;
}
