// The module that trains, in Node: it agrees with the same code natively, its defaults are the page's, and errors have codes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DEFAULTS } from '../web/defaults.js';
import { errorFrom } from '../pkg/error.js';
import { open, run } from './scenario.mjs';

/** Of numbers that a forward pass gives, and of what a few steps of training make of them: as `tests/src/tolerance.rs` has them. */
const FORWARD = 1e-4;
const TRAINED = 5e-3;

function close(got, want, tolerance, name) {
  assert.equal(got.length, want.length, name);
  got.forEach((x, i) => assert.ok(Math.abs(x - want[i]) <= tolerance * (1 + Math.abs(want[i])), `${name} ${i}: ${x}, natively ${want[i]}`));
}

// `RLHF_SESSION` is that example, where it has been built.
test('a browser computes what the library does', () => {
  const command = ['cargo', 'run', '--quiet', '--release', '-p', 'rlhf-wasm', '--example', 'session'];
  const [program, ...values] = process.env.RLHF_SESSION ? [process.env.RLHF_SESSION] : command;
  const native = JSON.parse(execFileSync(program, values, { encoding: 'utf8', cwd: new URL('../..', import.meta.url) }));
  const here = run(1);
  assert.deepEqual(here.answers, native.answers);
  assert.deepEqual(here.inspection.tokens, native.inspection.tokens);
  close(here.inspection.logProb, native.inspection.logProb, FORWARD, 'log-probability');
  close(here.inspection.reward, native.inspection.reward, TRAINED, 'reward');
  close([here.fit.loss], [native.fit.loss], TRAINED, 'loss');
  const names = Object.keys(here.iterations[0]).filter((name) => name !== 'samples');
  const numbers = ({ iterations: [iteration] }) => names.map((name) => iteration[name]);
  close(numbers(here), numbers(native), TRAINED, names.join());
  const texts = ({ iterations: [{ samples }] }) => samples.map(({ text }) => text);
  assert.deepEqual(texts(here), texts(native));
});

test('the defaults are those of the page', () => {
  const settings = JSON.parse(open(1).settings());
  for (const [name, value] of Object.entries(settings)) assert.equal(DEFAULTS[name], value, name);
});

test('errors have codes and change nothing', () => {
  const trainer = open(1);
  const code = (call) => {
    try {
      call();
    } catch (thrown) {
      return errorFrom(thrown).code;
    }
  };
  const before = trainer.settings();
  assert.equal(code(() => trainer.set('{"beta": -1}')), 'setting');
  assert.equal(code(() => trainer.set('{"gamma": 1}')), 'setting');
  assert.equal(code(() => trainer.vote('{"prompt": "a"}')), 'vote');
  assert.equal(code(() => trainer.addVotes('{}')), 'vote');
  assert.equal(code(() => trainer.beginReward()), 'votes');
  assert.equal(code(() => trainer.iterate(['Tom'], '{}')), 'votes');
  assert.equal(code(() => trainer.rewardFile()), 'votes');
  assert.equal(code(() => trainer.generate('Tom '.repeat(99), '{}')), 'context');
  assert.equal(code(() => trainer.restore(new Uint8Array(10))), 'state');
  assert.equal(trainer.settings(), before);
});

test('a file that was exported scores as the page does', async () => {
  const { initSync, Scorer } = await import('../pkg/scorer-module.js');
  initSync({ module: readFileSync(new URL('../pkg/scorer-module_bg.wasm', import.meta.url)) });
  const trainer = open(1);
  const answers = ['It was very happy .', 'It was very sad .'];
  for (let i = 0; i < 10; i++) trainer.vote(JSON.stringify({ prompt: `Tom ran to the lake . ${'Once , '.repeat(i)}`, answers, ranks: [1, 2] }));
  trainer.beginReward();
  while (trainer.stepReward(100) !== undefined);
  const scorer = new Scorer(trainer.rewardFile(), undefined);
  for (const answer of answers) {
    const { reward } = JSON.parse(trainer.inspect('Tom ran to the lake .', answer));
    assert.ok(Math.abs(scorer.scoreReply('Tom ran to the lake .', answer) - reward.at(-1)) < 0.1);
  }
  assert.ok(scorer.compareReplies('Tom ran to the lake .', ...answers) > 0.6);
});
