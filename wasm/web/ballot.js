// One question to the visitor: an opening, the replies to choose from, and the order chosen so far.

import { seeded } from './random.js';

export class Ballot {
  prompt = '';
  replies = [];
  /** Indices of replies, best first. */
  order = [];
  /** Called after each change. */
  onchange = () => {};
  #lab;
  #random = seeded(Date.now());
  #asked = 0;

  constructor(lab) {
    this.#lab = lab;
  }

  /** Another opening with replies that differ. A later call overtakes an earlier one that has not ended. */
  async next() {
    const asked = ++this.#asked;
    const { prompts, replies: count, temperature } = this.#lab.state;
    const list = prompts.vote.filter((prompt) => prompt !== this.prompt);
    const prompt = list[Math.floor(this.#random() * list.length)];
    const found = await drawReplies(this.#lab.trainer, { prompt, count, temperature: Math.max(temperature, 0.7), seed: Math.floor(this.#random() * 1e9) });
    if (asked !== this.#asked) return;
    Object.assign(this, { prompt, replies: found, order: [] });
    this.onchange();
  }

  /** Puts reply `at` next in the order; true when the order is complete. */
  choose(at) {
    if (this.order.includes(at) || this.order.length >= this.replies.length - 1) return false;
    this.order = [...this.order, at];
    return this.order.length === this.replies.length - 1;
  }

  undo() {
    this.order = this.order.slice(0, -1);
    this.onchange();
  }

  /** The replies not yet in the order are equal; true when there was a question. */
  tie() {
    return this.replies.length > 1;
  }

  /** Hands in the vote. What was not ordered shares the last place. */
  async cast() {
    const { prompt, replies, order } = this;
    const last = order.length + 1;
    const ranks = replies.map((_, at) => (order.includes(at) ? order.indexOf(at) + 1 : last));
    await this.#lab.vote({ prompt, replies: replies.map(({ text }) => text), ranks, by: 'visitor' });
  }
}

/** `count` replies of the pretrained model that are not the same text; a few are drawn more than needed for that. */
export async function drawReplies(trainer, { prompt, count, temperature, seed }) {
  const drawn = await trainer.generate({ prompt, count: count + 2, temperature, seed, from: 'reference' });
  const different = drawn.filter((reply, at) => drawn.findIndex(({ text }) => text === reply.text) === at);
  return (different.length >= count ? different : drawn).slice(0, count);
}
