import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';

import { YCodeCell } from '@jupyter/ydoc';
import type { ICellModel } from '@jupyterlab/cells';

import { type Preview, Prompts } from './prompts.js';

const CUE = 'Think step by step';
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/** Return a cell with a real shared text, and prompts whose server answers when the test says so. */
function begun(context: TestContext, source: string, delay = 20, kernelOf: () => string | null = () => null) {
  const sharedModel = YCodeCell.create();
  sharedModel.setSource(source);
  // Its timers would keep the process.
  context.after(() => sharedModel.dispose());
  const cell = { sharedModel } as unknown as ICellModel;
  const asked: { cell: string; signal: AbortSignal; answer: (preview: Preview) => void }[] = [];
  const prompts = new Prompts({
    wishes: () => ({ lint: true, estimate: true, ignore: [], delay }),
    ask: (question, signal) =>
      new Promise(answer => asked.push({ cell: (question as { cell: string }).cell, signal, answer })),
    kernelOf,
    explain: () => undefined,
    trouble: String
  });
  return { cell, asked, prompts, prompt: prompts.prompt(cell), shared: sharedModel };
}

function found(text: string): Preview {
  const start = text.indexOf(CUE);
  const edits = [{ start, end: start + CUE.length, text: '' }];
  const fix = { safe: true, title: 'Remove it', edits };
  const one = {
    code: 'COT001',
    name: 'x',
    severity: 'warning' as const,
    message: 'm',
    start,
    end: start + CUE.length,
    fix
  };
  return { diagnostics: start < 0 ? [] : [one], fixed: start < 0 ? [] : edits, problem: null, estimate: null };
}

test('a prompt is asked about when it is shown, then once per pause, and not when nobody sees it', async context => {
  const { asked, prompt, shared } = begun(context, '%%o1\nIs it?');
  await pause(40);
  assert.equal(asked.length, 0);
  prompt.shown();
  await pause(10);
  assert.equal(asked.length, 1);
  for (const letter of ' prime') {
    shared.updateSource(shared.source.length, shared.source.length, letter);
    await pause(2);
  }
  await pause(60);
  assert.deepEqual(
    asked.map(one => one.cell),
    ['%%o1\nIs it?', '%%o1\nIs it? prime']
  );
  prompt.hidden();
  shared.updateSource(5, 5, 'So: ');
  await pause(60);
  assert.equal(asked.length, 2);
});

test('what is outdated is given up, and its answer not taken', async context => {
  const { asked, prompt, shared, prompts, cell } = begun(context, `%%o1\n${CUE}.`, 5);
  prompt.shown();
  await pause(10);
  shared.updateSource(5, 5, 'x');
  assert.ok(asked[0]!.signal.aborted);
  asked[0]!.answer(found(asked[0]!.cell));
  await pause(30);
  assert.equal(prompts.of(cell).length, 0);
  asked[1]!.answer(found(asked[1]!.cell));
  await pause(5);
  assert.equal(prompts.of(cell)[0]?.start, 6);
});

test('a finding moves with the text, keeps its key, and is fixed where it is then', async context => {
  const { asked, prompt, shared, prompts, cell } = begun(context, `%%o1\nWhy? ${CUE}.`, 1000);
  prompt.shown();
  await pause(10);
  asked[0]!.answer(found(shared.source));
  await pause(5);
  const [finding] = prompts.of(cell);
  shared.updateSource(5, 5, '😀 ');
  assert.equal(prompts.of(cell)[0]?.start, finding!.start + 3);
  assert.ok(prompts.apply(cell, finding!));
  assert.equal(shared.source, '%%o1\n😀 Why? .');
  assert.ok(!prompts.apply(cell, finding!));
  shared.undo();
  assert.equal(shared.source, `%%o1\n😀 Why? ${CUE}.`);
});

test('a finding whose words change is gone, with its fix', async context => {
  const { asked, prompt, shared, prompts, cell } = begun(context, `%%o1\nWhy? ${CUE}.`, 1000);
  prompt.shown();
  await pause(10);
  asked[0]!.answer(found(shared.source));
  await pause(5);
  const [finding] = prompts.of(cell);
  shared.updateSource(finding!.start + 3, finding!.start + 4, '');
  assert.equal(prompts.of(cell).length, 0);
  assert.ok(!prompts.apply(cell, finding!));
});

test('all safe fixes are asked for anew where the text has changed under them', async context => {
  const { asked, prompt, shared, prompts, cell } = begun(context, `%%o1\nWhy? ${CUE}.`, 1000);
  prompt.shown();
  await pause(10);
  asked[0]!.answer(found(shared.source));
  await pause(5);
  shared.setSource(`%%o1\nNow. ${CUE}!`);
  const done = prompts.applyAll(cell);
  await pause(5);
  asked[1]!.answer(found(shared.source));
  assert.ok(await done);
  assert.equal(shared.source, '%%o1\nNow. !');
});

test('a line that cannot be read is one finding on it', async context => {
  const { asked, prompt, prompts, cell } = begun(context, '\n%%o1 --modell o3\nWhy?');
  prompt.shown();
  await pause(10);
  asked[0]!.answer({ diagnostics: [], fixed: [], problem: 'There is no flag --modell.', estimate: null });
  await pause(5);
  assert.deepEqual(
    prompts.of(cell).map(one => [one.severity, one.start, one.end, one.fix]),
    [['error', 1, 17, null]]
  );
});

test('a cell that may not be edited is not', async context => {
  const { asked, prompt, shared, prompts, cell } = begun(context, `%%o1\n${CUE}.`);
  shared.setMetadata('editable', false);
  prompt.shown();
  await pause(10);
  asked[0]!.answer(found(shared.source));
  await pause(5);
  assert.ok(!prompts.apply(cell, prompts.of(cell)[0]!));
  assert.ok(!prompts.ignore(cell, 'COT001'));
  assert.equal(shared.source, `%%o1\n${CUE}.`);
});

test('after a prompt was sent, each cell is asked about anew once somebody turns to it', async context => {
  const { asked, prompt, prompts, cell } = begun(context, '%%o1\nWhy?');
  prompt.shown();
  await pause(10);
  asked[0]!.answer(found(''));
  prompts.visited(cell);
  await pause(10);
  assert.equal(asked.length, 1);
  prompts.spent({} as ICellModel);
  prompts.visited(cell);
  prompts.visited(cell);
  await pause(10);
  assert.equal(asked.length, 2);
});

test('once its kernel is known, or is another one, an estimate is asked for anew', async context => {
  let kernel: string | null = null;
  const { cell, asked, prompt, prompts } = begun(context, '%%o1\nIs it?', 20, () => kernel);
  prompt.shown();
  await pause(10);
  asked[0]!.answer(found(''));
  await pause(5);
  prompts.attached(cell);
  await pause(10);
  assert.equal(asked.length, 1);
  kernel = 'k';
  prompts.attached(cell);
  await pause(10);
  assert.equal(asked.length, 2);
});
