// Scores replies with a reward model from one file of `rlhf export`.

import initialize, { Scorer as Module } from './scorer-module.js';
import { RlhfError, bytesOf, checkSignal, errorFrom } from './error.js';

export { RlhfError };

export class Scorer {
  #module;

  constructor(module) {
    this.#module = module;
  }

  static async load(model, { signal, context } = {}) {
    const [bytes] = await Promise.all([bytesOf(model, signal), initialize()]);
    checkSignal(signal);
    try {
      return new Scorer(new Module(bytes, context));
    } catch (error) {
      throw errorFrom(error);
    }
  }

  #call(method, ...values) {
    if (!this.#module) throw new RlhfError('closed', 'the scorer was closed: load it again');
    try {
      return this.#module[method](...values);
    } catch (error) {
      throw errorFrom(error);
    }
  }

  get context() {
    return this.#module?.context ?? 0;
  }

  score(text) {
    return this.#call('score', text);
  }

  scoreReply(prompt, reply) {
    return this.#call('scoreReply', prompt, reply);
  }

  scoreTokens(tokens) {
    return this.#call('scoreTokens', Uint32Array.from(tokens));
  }

  scores(texts) {
    return Float32Array.from(texts, (text) => this.score(text));
  }

  compare(a, b) {
    return this.#call('compare', a, b);
  }

  compareReplies(prompt, a, b) {
    return this.#call('compareReplies', prompt, a, b);
  }

  close() {
    this.#module?.free();
    this.#module = undefined;
  }
}
