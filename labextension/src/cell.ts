// What a prompt cell is, and what stands on its magic line: told as o1magic/cell.py and arguments.py tell it. Pure.

import type { Edit } from './edits.js';

/** The magic that a prompt cell begins with. */
export const MAGIC = '%%o1';

// As IPython reads a cell: blank lines before the magic do not count, `%%o1x` is another magic.
const HEAD = /^(?:[ \t]*\r?\n)*[ \t]*%%o1(?=\s|$)/;
// The line magic that takes a prompt; of a text that spans lines IPython would see the first alone.
const LINE = '%o1';
const LINT_LINE = /^[ \t]*%o1[ \t]+lint[ \t]+(\S(?:[^\r\n]*\S)?)/gm;
// Runs of unquoted text and closed quotes; each alternative starts differently, so this is linear.
const TOKEN = /(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g;
const PLACEHOLDER = /(?<!\{)\{\{([\p{L}_][\p{L}\p{N}_]*)\}\}(?!\})/gu;
const OPENED = /\{\{[ \t]*[\p{L}\p{N}_]*$/u;

/** A part of a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where the magic line of a prompt cell stands: `%%o1`, its arguments, its end, and the prompt below it. */
export interface MagicLine extends Span {
  readonly args: number;
  readonly body: number;
}

/** One word on a magic line. */
export interface Word extends Span {
  readonly text: string;
  readonly isFlag: boolean;
}

/** Tell whether a cell is a prompt. */
export function isPrompt(text: string): boolean {
  return HEAD.test(text);
}

/** Return where the text of each `%o1 lint TEXT` line stands, in a cell that is no prompt itself. */
export function promptLines(text: string): Span[] {
  if (!text.includes(LINE) || isPrompt(text)) return [];
  return [...text.matchAll(LINT_LINE)].map(match => {
    const end = match.index + match[0].length;
    return { start: end - match[1]!.length, end };
  });
}

/** Return the parts of a cell that are prompts: the whole of it, or what stands on some of its lines. */
export function prompts(text: string): Span[] {
  return isPrompt(text) ? [{ start: 0, end: text.length }] : promptLines(text);
}

/** Return where the magic line stands, null where the text is no prompt cell. */
export function magicLine(text: string): MagicLine | null {
  const head = HEAD.exec(text);
  if (!head) return null;
  const args = head[0].length;
  const newline = text.indexOf('\n', args);
  const body = newline < 0 ? text.length : newline + 1;
  let end = newline < 0 ? text.length : newline;
  if (end > args && text[end - 1] === '\r') end -= 1;
  return { start: args - MAGIC.length, args, end, body };
}

/** Return the words that stand on the magic line behind `%%o1`, as they are written. */
export function words(text: string, line: MagicLine): Word[] {
  const found: Word[] = [];
  for (const match of text.slice(line.args, line.end).matchAll(TOKEN)) {
    const start = line.args + match.index;
    found.push({ text: match[0], start, end: start + match[0].length, isFlag: /^--?[a-z]/.test(match[0]) });
  }
  return found;
}

/** Return where `{{names}}` stand in the prompt, braces included. */
export function placeholders(text: string): (Span & { name: string })[] {
  const body = magicLine(text)?.body ?? 0;
  return [...text.slice(body).matchAll(PLACEHOLDER)].map(match => ({
    name: match[1]!,
    start: body + match.index,
    end: body + match.index + match[0].length
  }));
}

/** Return the edit that has the magic line ignore a rule, null where it does already or there is none. */
export function ignoring(text: string, code: string): Edit | null {
  const line = magicLine(text);
  if (!line) return null;
  const written = words(text, line);
  const at = written.map(word => /^--ignore(=|$)/.test(word.text)).lastIndexOf(true);
  const flag = written[at];
  if (!flag) return insert(line.end, `${/\s$/.test(text.slice(line.args, line.end)) ? '' : ' '}--ignore ${code}`);
  const value = flag.text === '--ignore' ? written[at + 1] : { ...flag, text: flag.text.slice('--ignore='.length) };
  if (!value || value.text === '') return insert(flag.end, flag.text === '--ignore' ? ` ${code}` : code);
  const codes = value.text.replace(/["']/g, '').split(/[,;]/);
  if (codes.some(one => one.trim() !== '' && code.startsWith(one.trim().toUpperCase()))) return null;
  return insert(/["']$/.test(value.text) ? value.end - 1 : value.end, `,${code}`);
}

/** Tell whether completion has something to offer at a place of a prompt cell: flags on its line, names in braces. */
export function offersAt(text: string, at: number): boolean {
  const line = magicLine(text);
  if (!line) return false;
  return at <= line.end ? at >= line.args : OPENED.test(text.slice(Math.max(line.body, at - 200), at));
}

function insert(at: number, text: string): Edit {
  return { start: at, end: at, text };
}

/**
 * Return the edits that comment lines of a prompt out, as Markdown does it, or in again; [] on the magic line alone.
 *
 * The lines are those that a selection touches. What is commented out is still sent: it is a comment to the reader.
 */
export function commenting(text: string, from: number, to: number): Edit[] {
  const body = magicLine(text)?.body ?? 0;
  if (to < body) return [];
  const first = Math.max(body, text.lastIndexOf('\n', from - 1) + 1);
  const newline = text.indexOf('\n', to);
  const lines = text.slice(first, newline < 0 ? text.length : newline);
  const start = first + lines.length - lines.trimStart().length;
  const end = Math.max(start, first + lines.trimEnd().length);
  const within = /^<!-- ?([^]*?) ?-->$/.exec(text.slice(start, end));
  if (!within) return [insert(start, '<!-- '), insert(end, ' -->')];
  const inner = start + text.slice(start, end).indexOf(within[1]!, 4);
  return [
    { start, end: inner, text: '' },
    { start: inner + within[1]!.length, end, text: '' }
  ];
}
