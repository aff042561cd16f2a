// Trains a small language model from votes. All computing is in a worker; this side keeps the votes, so that none is lost with it.

import { RlhfError, bytesOf, checkSignal } from './error.js';

export { RlhfError };

/** A model's files, by the name under which `TrainerOptions.model` has them. */
const FILES = { config: 'config.json', weights: 'model.safetensors', tokenizer: 'tokenizer.rlhf' };
/** Steps of the reward model between two reports. */
const STEPS = 4;
/** Replies that slow motion shows. */
const SHOWN = 4;

export class Trainer {
  #worker;
  #waiting = new Map();
  #next = 1;
  #closed;
  #votes = [];
  #training = false;

  constructor() {
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    this.#worker.onmessage = ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (!error) return resolve(result);
      const thrown = new RlhfError(error.code, error.message);
      reject(thrown);
      // What stopped in the middle of a call does not go on.
      if (error.code === 'crashed') this.#end(thrown);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#end(new RlhfError('crashed', `the worker stopped: ${event.message ?? 'it could not be loaded'}. Load the page again.`));
    };
  }

  static async create({ model, seed = 0, signal, state }) {
    const files = {};
    await Promise.all(Object.entries(FILES).map(async ([key, name]) => {
      const address = typeof model === 'string' || model instanceof URL;
      const source = address ? new URL(name, new URL(model, globalThis.location?.href)) : model[key];
      files[name] = await bytesOf(source, signal);
    }));
    checkSignal(signal);
    const trainer = new Trainer();
    try {
      const { votes, ...info } = await trainer.#call('create', { files, seed, state });
      trainer.#readVotes(votes);
      const vectors = info.relaxed ? '128-bit vectors and fused operations' : '128-bit vectors';
      trainer.info = { ...info, threads: 1, why: `the CPU engine in one worker, with ${vectors}: for a network of this size a graphics card gains nothing` };
      return trainer;
    } catch (error) {
      trainer.close();
      throw error;
    }
  }

  #end(error) {
    this.#closed ??= error;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #call(method, ...values) {
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, method, values });
    });
  }

  #readVotes(lines) {
    const rows = lines.split('\n').filter(Boolean).map((line) => JSON.parse(line));
    this.#votes = rows.map(({ prompt, answers, ranks }) => ({ prompt, replies: answers, ranks, by: 'visitor' }));
  }

  async generate({ prompt, count = 2, temperature = 1, seed = 0, from = 'policy', signal }) {
    checkSignal(signal);
    const replies = await this.#call('generate', prompt, { count, temperature, seed, pretrained: from !== 'policy' });
    checkSignal(signal);
    return replies;
  }

  async inspect({ prompt, reply }) {
    const { tokens, ...numbers } = await this.#call('inspect', prompt, reply);
    const arrays = Object.entries(numbers).map(([name, list]) => [name, Float32Array.from(list)]);
    return { tokens, ...Object.fromEntries(arrays) };
  }

  async addVote({ prompt, replies, ranks, by = 'visitor' }) {
    const count = await this.#call('vote', { prompt, answers: replies, ranks });
    this.#votes.push({ prompt, replies: [...replies], ranks: [...ranks], by });
    return count;
  }

  async votes() {
    return structuredClone(this.#votes);
  }

  async clearVotes() {
    await this.#call('clearVotes');
    this.#votes = [];
  }

  async *fitReward({ epochs, learningRate, signal } = {}) {
    yield* this.#alone(async function* () {
      if (epochs !== undefined) await this.set({ rewardEpochs: epochs });
      if (learningRate !== undefined) await this.set({ rewardLearningRate: learningRate });
      checkSignal(signal);
      await this.#call('beginReward');
      for (;;) {
        checkSignal(signal);
        const step = await this.#call('stepReward', STEPS);
        if (!step) return;
        yield step;
      }
    });
  }

  async *ppo({ prompts, iterations = Infinity, reward = 'model', signal }) {
    yield* this.#alone(async function* () {
      for (let done = 0; done < iterations; done++) {
        checkSignal(signal);
        yield await this.#call('iterate', prompts, ruleOf(reward));
      }
    });
  }

  async *ppoPhases({ prompts, reward = 'model', signal }) {
    yield* this.#alone(async function* () {
      checkSignal(signal);
      const all = await this.#call('iterateInPhases', prompts, ruleOf(reward), SHOWN);
      const { iteration } = all;
      const phases = [
        { phase: 'rollout', samples: all.replies.map((reply, i) => ({ prompt: all.prompts[i], reply })) },
        { phase: 'reward', scores: all.scores },
        { phase: 'kl', logRatio: all.logRatios },
        { phase: 'value', values: all.values },
        { phase: 'advantage', advantages: all.advantages, rewards: all.rewards },
        { phase: 'policy', ratio: iteration.ratio, clipped: iteration.clipped },
        { phase: 'critic', loss: iteration.valueLoss },
        { phase: 'done', iteration },
      ];
      for (const phase of phases) {
        checkSignal(signal);
        yield phase;
      }
    });
  }

  /** One training at a time: a second would train on what the first changes. */
  async *#alone(training) {
    if (this.#training) throw new RlhfError('busy', 'something is being trained: wait for it, or abort it');
    this.#training = true;
    try {
      yield* training.call(this);
    } finally {
      this.#training = false;
    }
  }

  set(settings) {
    return this.#call('set', settings);
  }

  resetPolicy() {
    return this.#call('resetPolicy');
  }

  save() {
    return this.#call('save');
  }

  exportVotes() {
    const lines = this.#votes.map(({ prompt, replies, ranks }) => JSON.stringify({ prompt, answers: replies, ranks }));
    return Promise.resolve(lines.map((line) => `${line}\n`).join(''));
  }

  async importVotes(lines) {
    const added = await this.#call('addVotes', lines);
    const before = this.#votes;
    this.#readVotes(await this.#call('votes'));
    before.forEach((vote, i) => (this.#votes[i].by = vote.by));
    return { added };
  }

  exportReward() {
    return this.#call('rewardFile');
  }

  async exportPolicy() {
    const files = await this.#call('policyFiles');
    return Object.fromEntries(Object.entries(FILES).map(([key, name]) => [key, files[name]]));
  }

  close() {
    this.#end(new RlhfError('closed', 'the trainer was closed: create another'));
  }
}

/** A reward as the module reads it. */
function ruleOf(reward) {
  if (reward === 'model') return { model: 1 };
  const { rule = [], lengthWeight = 0, model = 0 } = reward;
  return { model, length: lengthWeight, terms: rule.map(({ text, weight }) => ({ text, weight })) };
}
