// The package's trainer as a page of somebody else's uses it: signals, errors by code, a state to go on from, a worker that dies.

import assert from 'node:assert/strict';
import test from 'node:test';
import { clean, open, withBrowser } from './harness.mjs';

test('the trainer: signals, errors, states', { timeout: 120_000 }, () => withBrowser(async (at) => {
  const { page, watched } = await open(at);
  const seen = await page.evaluate(async () => {
    const { Trainer, RlhfError } = await import('./pkg/trainer.js');
    const prompts = ['Tom ran to the lake .', 'Once , a white dog found a blue bell .'];
    const code = async (promise) => {
      try {
        await promise;
      } catch (error) {
        return error instanceof RlhfError ? error.code : String(error);
      }
    };
    const all = async (iterator, each = () => {}) => {
      const list = [];
      for await (const step of iterator) each(list.push(step));
      return list;
    };
    const model = new URL('model/', document.baseURI);
    const out = {};
    out.missing = await code(Trainer.create({ model: new URL('none/', document.baseURI) }));
    out.early = await code(Trainer.create({ model, signal: AbortSignal.abort() }));
    const trainer = await Trainer.create({ model, seed: 3 });
    out.info = trainer.info;
    out.noVotes = await code(all(trainer.fitReward()));
    for (let i = 0; i < 12; i++) {
      const prompt = prompts[i % 2];
      const replies = await trainer.generate({ prompt, count: 3, seed: i });
      await trainer.addVote({ prompt, replies: replies.map(({ text }) => text), ranks: [1, 2, 2], by: 'visitor' });
    }
    out.badVote = await code(trainer.addVote({ prompt: 'Tom', replies: ['a'], ranks: [1] }));
    const steps = await all(trainer.fitReward({ epochs: 2 }));
    out.steps = steps.at(-1);
    out.setting = await code(trainer.set({ beta: 99 }));
    // Aborted in the midst, it stops between two iterations, and can go on.
    const abort = new AbortController();
    out.aborted = await code(all(trainer.ppo({ prompts, signal: abort.signal }), (n) => n === 2 && abort.abort()));
    const first = trainer.ppo({ prompts, iterations: 1 });
    const second = trainer.ppo({ prompts, iterations: 1 });
    const going = first.next();
    out.busy = await code(second.next());
    out.iteration = (await going).value.iteration;
    await first.return();
    // A state goes on as the session would have.
    const state = await trainer.save();
    const other = await Trainer.create({ model, state });
    const texts = async (t) => (await all(t.ppo({ prompts, iterations: 1 })))[0].samples.map(({ text }) => text);
    const [here, there] = [await texts(trainer), await texts(other)];
    out.same = JSON.stringify(here) === JSON.stringify(there) && here.length > 0;
    out.votes = [(await trainer.votes()).length, (await other.votes()).length];
    out.damaged = await code(Trainer.create({ model, state: state.slice(0, 1000) }));
    // What was asked of a trainer that is closed is refused, and its votes are there.
    const waiting = code(trainer.save());
    trainer.close();
    out.closed = [await waiting, await code(trainer.save()), (await trainer.votes()).length];
    out.lines = (await trainer.exportVotes()).trim().split('\n').length;
    other.close();
    return out;
  });
  assert.equal(seen.missing, 'fetch');
  assert.equal(seen.early, 'aborted');
  assert.ok(seen.info.simd && seen.info.relaxed && seen.info.threads === 1, JSON.stringify(seen.info));
  assert.equal(seen.noVotes, 'votes');
  assert.equal(seen.badVote, 'vote');
  assert.ok(seen.steps.step === seen.steps.total && seen.steps.accuracy > 0.5, JSON.stringify(seen.steps));
  assert.equal(seen.setting, 'setting');
  assert.equal(seen.aborted, 'aborted');
  assert.equal(seen.busy, 'busy');
  assert.equal(seen.iteration, 3);
  assert.ok(seen.same);
  assert.deepEqual(seen.votes, [12, 12]);
  assert.equal(seen.damaged, 'state');
  assert.deepEqual(seen.closed, ['closed', 'closed', 12]);
  assert.equal(seen.lines, 12);
  watched.errors = watched.errors.filter((text) => !text.includes('404'));
  clean(watched);
}));
