import { Trainer } from '../../wasm/pkg/trainer.js';

const get = (id) => document.getElementById(id);
const output = document.querySelector('output');
const trainer = await Trainer.create({ model: new URL('../../wasm/web/model/', import.meta.url), seed: 1 });
const prompts = (await (await fetch('../../wasm/web/model/prompts.json')).json()).vote;
let [asked, pair] = [0, []];

/** Shows two replies to the next prompt: which is better? */
async function ask() {
  const prompt = prompts[asked % prompts.length];
  pair = await trainer.generate({ prompt, count: 2, seed: asked++ });
  document.querySelector('h1').textContent = prompt;
  get('first').textContent = pair[0].text;
  get('second').textContent = pair[1].text;
}

async function vote(ranks) {
  const prompt = prompts[(asked - 1) % prompts.length];
  const count = await trainer.addVote({ prompt, replies: pair.map(({ text }) => text), ranks, by: 'visitor' });
  output.value = `${count} votes`;
  get('train').disabled = count < 6;
  await ask();
}

get('first').onclick = () => vote([1, 2]);
get('second').onclick = () => vote([2, 1]);
get('train').onclick = async () => {
  try {
    for await (const { step, total, loss } of trainer.fitReward()) output.value = `reward model: step ${step} of ${total}, loss ${loss.toFixed(2)}`;
    for await (const { iteration, score, kl } of trainer.ppo({ prompts, iterations: 20 })) {
      output.value = `PPO: iteration ${iteration}, reward ${score.toFixed(2)}, ${kl.toFixed(1)} nats away`;
    }
    await ask();
  } catch (error) {
    output.value = error.message;
  }
};
output.value = 'Pick the story that you like better.';
await ask();
