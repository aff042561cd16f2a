// The worker in which a trainer computes: one message, one call, one answer.

import initialize, { Trainer } from './trainer-module.js';
import { errorFrom } from './error.js';
import { relaxedSimd } from './relaxed-simd.js';

let trainer;

const calls = {
  async create({ files, seed, state }) {
    const relaxed = relaxedSimd();
    const name = relaxed ? './relaxed-module_bg.wasm' : './trainer-module_bg.wasm';
    await initialize({ module_or_path: new URL(name, import.meta.url) });
    trainer = new Trainer(Object.keys(files), Object.values(files), seed);
    if (state) trainer.restore(state);
    return { ...JSON.parse(trainer.info()), relaxed, votes: trainer.votes() };
  },
  info: () => JSON.parse(trainer.info()),
  set: (changes) => JSON.parse(trainer.set(JSON.stringify(changes))),
  generate: (prompt, writing) => JSON.parse(trainer.generate(prompt, JSON.stringify(writing))),
  inspect: (prompt, reply) => JSON.parse(trainer.inspect(prompt, reply)),
  vote: (vote) => trainer.vote(JSON.stringify(vote)),
  votes: () => trainer.votes(),
  addVotes: (lines) => trainer.addVotes(lines),
  clearVotes: () => trainer.clearVotes(),
  beginReward: () => trainer.beginReward(),
  stepReward(steps) {
    const step = trainer.stepReward(steps);
    return step === undefined ? undefined : JSON.parse(step);
  },
  iterate(prompts, rule) {
    const start = performance.now();
    const iteration = JSON.parse(trainer.iterate(prompts, JSON.stringify(rule)));
    return timed(iteration, performance.now() - start);
  },
  iterateInPhases(prompts, rule, show) {
    const start = performance.now();
    const phases = JSON.parse(trainer.iterateInPhases(prompts, JSON.stringify(rule), show));
    timed(phases.iteration, performance.now() - start);
    return phases;
  },
  resetPolicy: () => trainer.resetPolicy(),
  save: () => trainer.save(),
  restore: (state) => trainer.restore(state),
  rewardFile: () => trainer.rewardFile(),
  policyFiles: () => Object.fromEntries(trainer.policyFiles()),
};

function timed(iteration, milliseconds) {
  return Object.assign(iteration, { milliseconds, tokensPerSecond: (1000 * iteration.tokens) / milliseconds });
}

// Answers keep the order of the questions.
let last = Promise.resolve();
onmessage = ({ data: { id, method, values } }) => {
  last = last.then(async () => {
    try {
      postMessage({ id, result: await calls[method](...values) });
    } catch (thrown) {
      const { code, message } = errorFrom(thrown);
      postMessage({ id, error: { code, message } });
    }
  });
};
