// What wasm/examples/session.rs does, in WebAssembly. As a program it prints the times: `node wasm/tests/scenario.mjs ITERATIONS`.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { initSync, Trainer } from '../pkg/trainer-module.js';

const file = (path) => readFileSync(new URL(path, import.meta.url));
/** The module with fused operations, where the environment asks for it: `node --experimental-wasm-relaxed-simd` has them. */
const MODULE = process.env.RLHF_RELAXED ? 'relaxed' : 'trainer';
export const open = (seed) => {
  initSync({ module: file(`../pkg/${MODULE}-module_bg.wasm`) });
  const names = ['config.json', 'model.safetensors', 'tokenizer.rlhf'];
  return new Trainer(names, names.map((name) => new Uint8Array(file(`../web/model/${name}`))), seed);
};

export function run(iterations) {
  const trainer = open(1);
  const prompts = ['One day , a small fox found a red kite .', 'Tom sat by the river with a big map .'];
  const replies = JSON.parse(trainer.generate(prompts[0], JSON.stringify({ count: 4, seed: 5 })));
  const answers = replies.map(({ text }) => text);
  for (let i = 0; i < 8; i++) {
    const prompt = `${prompts[0]} ${prompts[i % 2].split(' ').slice(0, i).join(' ')}`;
    trainer.vote(JSON.stringify({ prompt, answers, ranks: [1, 2, 3, 4] }));
  }
  trainer.set(JSON.stringify({ rewardEpochs: 2 }));
  trainer.beginReward();
  let fit;
  for (let step; (step = trainer.stepReward(1)) !== undefined;) fit = JSON.parse(step);
  const inspection = JSON.parse(trainer.inspect(prompts[0], answers[0]));
  const rule = JSON.stringify({ terms: [{ text: '!', weight: 0.5 }] });
  const seen = [];
  const milliseconds = [];
  for (let i = 0; i < iterations; i++) {
    const start = performance.now();
    seen.push(JSON.parse(trainer.iterate(prompts, rule)));
    milliseconds.push(performance.now() - start);
  }
  return { answers, fit, inspection, iterations: seen, milliseconds };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(run(Number(process.argv[2] ?? 6))));
