// A short textbook beside the page. Each chapter belongs to a stage and has buttons that set the page to what it speaks of.
// Every term of the field is introduced once, in italics.

import { element, button } from './dom.js';
import { watch, overoptimize } from './watch.js';
import { showSetting } from './presets.js';

const term = (text) => element('dfn', {}, text);

const CHAPTERS = [
  {
    title: 'A model that continues', stages: ['pretrained'],
    text: () => [
      ['A ', term('language model'), ' reads some words and gives each possible next word a probability. It draws one, appends it, and goes on. A word or a mark, as the model counts them, is a ', term('token'), '; the opening that you give it is the ', term('prompt'), ', and what it writes is the ', term('reply'), '.'],
      ['How freely it draws is the ', term('temperature'), ': near zero it takes the most probable word each time, above one it becomes adventurous.'],
      ['This one is tiny: a few hundred thousand numbers, its ', term('weights'), ', where a chat assistant has billions. All that you see here happens in the same way in the large ones.'],
    ],
    show: [['A careful writer', (lab) => showSetting(lab, { stage: 'pretrained', temperature: 0.4 })], ['A wild one', (lab) => showSetting(lab, { stage: 'pretrained', temperature: 1.5 })]],
  },
  {
    title: 'Votes instead of rules', stages: ['vote'],
    text: () => [
      ['What makes a story good is hard to write down, and easy to see. So nobody writes it down: people are shown two replies and say which is better. Such a vote is a ', term('preference'), '.'],
      ['People are not quite consistent, and neither are the simulated visitors here. The closer two stories are in their eyes, the less sure is their vote; equals are a tie.'],
    ],
    show: [['Someone who loves happy endings', (lab) => showSetting(lab, { stage: 'vote', taste: 'happy' })], ['Vote myself', (lab) => showSetting(lab, { stage: 'vote', taste: 'me' })]],
  },
  {
    title: 'A model of taste', stages: ['reward'],
    text: () => [
      ['A few dozen votes are not enough to teach a writer, but they are enough to teach a reader. The ', term('reward model'), ' gives each reply one number, and is fitted so that the difference of two numbers foretells the vote (the ', term('Bradley–Terry model'), '). It can then judge as many stories as you like, without asking you again.'],
      ['Is it any good? Every fifth vote or so is put aside, never learned from, and used as an examination: these are ', term('held back'), '.'],
    ],
    show: [['Ask it about my own story', (lab) => {
      showSetting(lab, { stage: 'reward' });
      requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById('own-text')?.focus()));
    }]],
  },
  {
    title: 'Practice', stages: ['ppo'],
    text: () => [
      ['Now the writer practices. It is called the ', term('policy'), ': it writes a few dozen replies, the reward model scores them, and each word of a reply that did better than expected becomes a little more probable. What was expected is the guess of a fourth network, the ', term('critic'), ', or value model. This way of training is ', term('PPO'), ', proximal policy optimization: its steps are clipped, so that none goes too far.'],
      ['A frozen copy of the pretrained model, the ', term('reference'), ', keeps it honest. The distance between both, in ', term('nats'), ' of ', term('KL divergence'), ', is taken off the reward ', term('β'), ' times.'],
    ],
    show: [['One update in slow motion', (lab) => showSetting(lab, { stage: 'ppo', slow: true })], ['A short leash (β = 2)', (lab) => showSetting(lab, { stage: 'ppo', beta: 2 })]],
  },
  {
    title: 'When a measure becomes a target', stages: ['ppo'],
    text: () => [
      ['The reward model is a ', term('proxy'), ' for what you want. The simulated visitor’s own judgment, which PPO never sees, is called ', term('gold'), '. At first both rise together. Pushed far enough, the policy finds replies that the proxy loves and nobody else does: ', term('over-optimization'), '.'],
      ['The dashed line is where gold was before. Turn β off and follow both curves to the right.'],
    ],
    show: [['See it happen', (lab) => overoptimize(lab)], ['Turn β off here', (lab) => showSetting(lab, { stage: 'ppo', beta: 0, play: true })]],
  },
  {
    title: 'Hack a reward', stages: [],
    text: () => [
      ['Rules are proxies too. “One point for each exclamation mark” sounds like a wish for lively stories. Let the policy practice on it and read what it writes: this is ', term('reward hacking'), '.'],
      ['Then compare: amber words are those that the policy now prefers much more than the reference would.'],
    ],
    show: [['+1 for each “!”', (lab) => showSetting(lab, { stage: 'ppo', rule: [{ text: '!', weight: 1 }], play: true })], ['Back to the votes', (lab) => showSetting(lab, { stage: 'reward', rule: null })]],
  },
  {
    title: 'The whole story', stages: ['compare', 'pretrained'],
    text: () => [
      ['Pretrain, collect preferences, fit a reward model, practice against it while staying close to where you began: that is ', term('RLHF'), ', reinforcement learning from human feedback. Chat assistants were made so.'],
      ['What this page does not show: a model this small knows a few hundred words and one kind of text, its visitors have simple tastes, and one person’s votes speak for that person alone. Whose votes count is the hard question in the large.'],
    ],
    show: [['Watch it once', (lab) => watch(lab)]],
  },
];

export function mountTextbook(root, lab) {
  const chapters = CHAPTERS.map(({ title, stages, text, show }, at) => {
    const node = element('details', { class: 'chapter' },
      element('summary', {}, element('h2', {}, `${at + 1}  ${title}`)),
      text().map((paragraph) => element('p', {}, paragraph)),
      element('p', { class: 'shows' }, show.map(([label, go]) => button(label, () => go(lab), { class: 'show' }))));
    root.append(node);
    return { node, stages };
  });
  let current = null;
  lab.on('stage', ({ stage }) => {
    if (stage === current) return;
    current = stage;
    const first = chapters.find(({ stages }) => stages.includes(stage));
    for (const chapter of chapters) chapter.node.open = chapter === first;
  });
}
