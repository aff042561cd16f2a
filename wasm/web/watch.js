// The simulated visitor, who votes in view; and the whole story for people who only watch.

import { DEFAULTS } from './defaults.js';
import { seeded } from './random.js';
import { ranksOf } from './tastes.js';
import { drawReplies } from './ballot.js';
import { percent, figure } from './dom.js';
import { lastGold } from './stages.js';

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

class Stopped extends Error {}

/** Casts `count` votes as the simulated visitor does. The first few are slow enough to read. */
async function castVotes(lab, count, slow) {
  const random = seeded(lab.state.votes * 7919 + 17);
  const { vote: prompts } = lab.state.prompts;
  for (let cast = 0; cast < count; cast += 1) {
    if (!lab.state.watching) throw new Stopped();
    const prompt = prompts[Math.floor(random() * prompts.length)];
    const drawn = await drawReplies(lab.trainer, { prompt, count: DEFAULTS.replies, temperature: 1, seed: Math.floor(random() * 1e9) });
    const replies = drawn.map(({ text }) => text);
    const ranks = ranksOf(lab.visitor, prompt, replies, random);
    const shown = cast < slow ? 2200 : 30;
    lab.update({ watched: { prompt, replies, ranks: null } });
    await wait(shown);
    lab.update({ watched: { prompt, replies, ranks } });
    await lab.vote({ prompt, replies, ranks, by: 'simulated' });
    await wait(shown / 2);
  }
}

async function asWatched(lab, work) {
  await lab.pause();
  lab.update({ watching: true });
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Stopped)) lab.fail(error);
  } finally {
    lab.update({ watching: false, watched: null });
  }
}

/** `count` votes of the simulated visitor, and the reward model learns from them. */
export function simulateVotes(lab, count) {
  return asWatched(lab, async () => {
    await castVotes(lab, count, 1);
    lab.say(`${lab.visitor.name}: ${count} votes cast.`);
    await lab.fit();
  });
}

/** Over-optimization: a reward model of few votes, a short practice with the leash and a long one without. */
export async function overoptimize(lab) {
  await lab.setTaste('dialogue');
  await asWatched(lab, async () => {
    const going = () => {
      if (!lab.state.watching) throw new Stopped();
    };
    await lab.set({ beta: DEFAULTS.beta, temperature: DEFAULTS.temperature, rate: DEFAULTS.learningRate, stage: 'vote' });
    lab.say(`${lab.visitor.name}: ${lab.visitor.sentence} Twenty votes have to be enough this time.`);
    await castVotes(lab, 20 - lab.state.votes, 1);
    await lab.fit();
    going();
    lab.update({ stage: 'ppo' });
    lab.say('First with the leash: proxy and gold rise together.');
    await lab.play(12);
    going();
    await lab.set({ beta: 0 });
    lab.say('β is off. The proxy goes on rising; watch gold, and read what the model writes.');
    await lab.play(50);
    going();
    const { score } = lab.state.last;
    lab.say(`The proxy is at ${figure(score)} and pleased as never before; the visitor likes ${percent(lastGold(lab.state.history))} of what is written. This is over-optimization.`);
  });
}

/** From the pretrained model to one with the visitor's taste: votes, reward model, PPO, comparison. */
export async function watch(lab) {
  const taste = lab.simulated ? lab.state.taste : 'happy';
  await lab.setTaste(taste);
  await asWatched(lab, async () => {
    const going = () => {
      if (!lab.state.watching) throw new Stopped();
    };
    await lab.set({ beta: DEFAULTS.beta, temperature: DEFAULTS.temperature, rate: DEFAULTS.learningRate });
    const { visitor } = lab;
    lab.update({ stage: 'vote' });
    lab.say(`${visitor.name}: ${visitor.sentence} A simulated visitor reads four replies at a time and ranks them.`);
    await castVotes(lab, Math.max(DEFAULTS.votes - lab.state.votes, 3), 3);
    going();
    lab.update({ stage: 'reward' });
    lab.say('From these votes a second model learns to give each story a score: the reward model.');
    await lab.fit();
    await wait(3500);
    going();
    lab.update({ stage: 'ppo' });
    lab.say('Now PPO: the model writes, the reward model scores, and what scored well becomes more likely.');
    await lab.play(DEFAULTS.iterations);
    going();
    lab.update({ stage: 'compare' });
    const after = await lab.gold('policy');
    going();
    lab.say(`Before, the visitor liked ${percent(lab.state.base.gold)} of what it wrote; now ${percent(after ?? lastGold(lab.state.history))}. Hover over the words to see what changed.`);
  });
}
