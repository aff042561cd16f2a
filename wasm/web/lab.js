// The laboratory: the trainer, what the page knows of it, and everything that can be done with both. Views read `lab.state`,
// listen by `lab.on`, and call these methods; they hold no state of the training themselves.

import { Trainer } from './pkg/trainer.js';
import { DEFAULTS } from './defaults.js';
import { Store } from './store.js';
import { openShelf } from './shelf.js';
import { readAddress, writeAddress } from './address.js';
import { tasteOf, bookOf } from './tastes.js';

/** From this many votes on a reward model is fitted. */
export const ENOUGH_VOTES = 6;
/** PPO's gold is measured after every so many iterations, on this many replies to each prompt that is not trained on. */
const GOLD_EVERY = 3;
const GOLD_REPLIES = 12;

const usual = { beta: DEFAULTS.beta, temperature: DEFAULTS.temperature, rate: DEFAULTS.learningRate };

export class Lab extends Store {
  #shelf;
  #trainer;
  #stop = new AbortController();
  /** Settles when what is under way has ended. */
  #work = Promise.resolve();
  /** The phases of an update that slow motion is in the middle of. */
  #phases = null;
  #fitAgain = false;

  constructor() {
    const from = readAddress();
    super({
      ready: false, error: null, caption: '', info: null, isolated: globalThis.crossOriginIsolated === true,
      stage: from.stage ?? 'pretrained', taste: from.taste ?? 'me', keyword: from.keyword ?? 'cake',
      beta: from.beta ?? usual.beta, temperature: from.temperature ?? usual.temperature, rate: from.rate ?? usual.rate,
      replies: from.replies ?? 2, prompt: from.prompt ?? 0, seed: from.seed ?? 1, color: from.color ?? 'logRatio',
      rule: from.rule ?? null, terms: from.rule ?? [{ text: '!', weight: 1 }],
      prompts: { vote: [], heldOut: [] },
      votes: 0, fit: null, fits: [], fitted: 0,
      history: [], base: null, samples: [], iteration: 0, speed: 0,
      running: null, busy: false, watching: false, watched: null, slow: false, walk: null, hidden: false, runs: [], shown: [],
    });
    this.on('stage taste keyword beta temperature rate replies prompt seed color rule', () => this.#address());
  }

  // ---- opening

  async open() {
    this.#shelf = await openShelf();
    const { prompts } = this.state;
    const [state, session, runs, list] = await Promise.all([
      this.#shelf.get('trainer'), this.#shelf.get('session'), this.#shelf.get('runs'), (await fetch('model/prompts.json')).json(),
    ]);
    Object.assign(prompts, list);
    await this.#create(state).catch(async (error) => {
      if (!state) throw error;
      // What was kept is of another version: the votes are on the shelf all the same.
      await this.#create(undefined);
      this.say(`What was learned before could not be read (${error.message}). Your votes are here.`);
    });
    const { taste, keyword, ...wanted } = readAddress();
    if (session && state) this.update({ ...session, ...wanted, ...(wanted.rule ? { terms: wanted.rule } : {}) });
    this.update({ info: this.trainer.info, runs: runs ?? [], lasting: this.#shelf.lasting });
    await this.#settings();
    await this.#openBook();
    document.addEventListener('visibilitychange', () => document.hidden && this.keep());
    addEventListener('hashchange', () => this.#follow());
    this.update({ ready: true });
    const other = (taste ?? this.state.taste) !== this.state.taste || (keyword ?? this.state.keyword) !== this.state.keyword;
    if (other) await this.setTaste(taste ?? this.state.taste, keyword ?? this.state.keyword);
    if (!this.state.base) await this.measureBase();
  }

  async #create(state) {
    this.#trainer = await Trainer.create({ model: new URL('model/', document.baseURI), seed: 1, state });
  }

  get trainer() {
    return this.#trainer;
  }

  /** All openings, those that are voted on first. */
  get openings() {
    return [...this.state.prompts.vote, ...this.state.prompts.heldOut];
  }

  get opening() {
    return this.openings[this.state.prompt] ?? this.openings[0];
  }

  get visitor() {
    return tasteOf(this.state.taste, this.state.keyword);
  }

  get simulated() {
    return this.state.taste !== 'me';
  }

  say(caption) {
    this.update({ caption });
  }

  #address() {
    writeAddress(this.state, usual);
  }

  /** Someone edited the address, or followed a link inside the page. */
  async #follow() {
    const { taste, keyword, ...rest } = readAddress();
    this.update(rest);
    if ((taste ?? 'me') !== this.state.taste || (keyword ?? 'cake') !== this.state.keyword) await this.setTaste(taste ?? 'me', keyword);
    await this.#settings();
  }

  // ---- settings

  async set(patch) {
    this.update(patch);
    await this.#settings();
  }

  async #settings() {
    const { beta, temperature, rate } = this.state;
    const { batch, epochs, minibatches, maxNewTokens, learningRate, criticLearningRate } = DEFAULTS;
    // The critic's rate goes with that of the policy.
    await this.trainer.set({
      beta, temperature, learningRate: rate, criticLearningRate: (rate * criticLearningRate) / learningRate,
      batch, epochs, minibatches, maxNewTokens,
    });
  }

  /** Takes up another taste, with its own votes; those of the last one stay on the shelf. */
  async setTaste(taste, keyword = this.state.keyword) {
    await this.pause();
    this.update({ taste, keyword, fit: null, fits: [], fitted: 0, rule: null });
    await this.trainer.clearVotes();
    await this.reset({ quietly: true });
    this.update({ base: null });
    await this.#openBook();
    await this.measureBase();
    if (this.state.votes >= ENOUGH_VOTES) await this.fit();
  }

  // ---- votes

  get #book() {
    return `votes ${bookOf(this.state.taste, this.state.keyword)}`;
  }

  /** Gives the trainer the votes of the taste's book that it does not have. */
  async #openBook() {
    const kept = (await this.#shelf.get(this.#book)) ?? [];
    const known = await this.trainer.votes();
    for (const vote of kept.slice(known.length)) await this.trainer.addVote(vote);
    this.update({ votes: Math.max(kept.length, known.length) });
    if (known.length > kept.length) await this.#shelf.put(this.#book, known);
  }

  /** Keeps a vote on the shelf first and gives it to the trainer then, so that no failure loses it. */
  async vote(vote) {
    const votes = [...((await this.#shelf.get(this.#book)) ?? []), vote];
    await this.#shelf.put(this.#book, votes);
    this.update({ votes: votes.length });
    await this.trainer.addVote(vote);
  }

  async forgetVotes() {
    await this.#shelf.put(this.#book, []);
    await this.trainer.clearVotes();
    this.update({ votes: 0, fit: null, fits: [], fitted: 0 });
  }

  async importVotes(text) {
    const { added } = await this.trainer.importVotes(text);
    const votes = await this.trainer.votes();
    await this.#shelf.put(this.#book, votes);
    this.update({ votes: votes.length });
    this.say(`${added} votes were added.`);
    await this.fit();
  }

  // ---- the reward model

  /** Fits the reward model on the votes; where one is being fitted, once more afterwards. */
  async fit() {
    if (this.state.votes < ENOUGH_VOTES) return;
    if (this.state.running) {
      this.#fitAgain = this.state.running === 'fit';
      return;
    }
    const votes = this.state.votes;
    await this.#busy('fit', async (signal) => {
      const { rewardEpochs: epochs, rewardLearningRate: learningRate } = DEFAULTS;
      for await (const step of this.trainer.fitReward({ epochs, learningRate, signal })) this.update({ fit: { ...step, votes } });
      this.update({ fitted: votes, fits: [...this.state.fits, { votes, ...this.state.fit }] });
    });
    await this.keep();
    if (this.#fitAgain) {
      this.#fitAgain = false;
      await this.fit();
    }
  }

  /** What PPO follows: the votes' model, or the visitor's rule. */
  get reward() {
    return this.state.rule ? { rule: this.state.rule.filter(({ text }) => text !== '') } : 'model';
  }

  get canTrain() {
    return this.state.ready && (this.state.rule !== null || this.state.fitted > 0);
  }

  // ---- PPO

  /** Does `work` as what is `running`, after what is under way. `work` gets a signal that `pause` aborts. */
  #busy(running, work) {
    const stop = new AbortController();
    this.#stop = stop;
    this.update({ running, busy: true });
    const before = this.#work;
    this.#work = (async () => {
      await before;
      try {
        if (running !== 'walk') await this.#endWalk();
        await work(stop.signal);
      } catch (error) {
        if (error?.code !== 'aborted' && error?.name !== 'AbortError') this.fail(error);
      } finally {
        if (this.#stop === stop) this.update({ running: null, busy: false });
      }
    })();
    return this.#work;
  }

  fail(error) {
    if (error?.code === 'training') {
      // The trainer's message names settings of a configuration file.
      this.say('One step went too far, and the training stopped itself. Turn β on or lower the learning rate and play on, or reset the policy.');
      return;
    }
    console.error(error);
    this.update({ error: error?.message ?? String(error) });
  }

  /** Stops what is under way; resolves when it has ended. */
  pause() {
    this.#stop.abort();
    this.update({ running: null, watching: false });
    return this.#work;
  }

  // ---- slow motion

  /** Goes to the next phase of an update, and on for as long as `shown(phase)` resolves to true; each is in `state.walk`. */
  walk(shown) {
    return this.#busy('walk', async (signal) => {
      while ((await shown(await this.#nextPhase(), signal)) && !signal.aborted);
    });
  }

  async #nextPhase() {
    this.#phases ??= this.trainer.ppoPhases({ prompts: this.state.prompts.vote, reward: this.reward });
    const { value } = await this.#phases.next();
    const { phase, ...found } = value;
    this.update({ walk: { ...(phase === 'rollout' ? {} : this.state.walk), ...found, phase } });
    if (phase === 'done') {
      await this.record(value.iteration);
      await this.#endWalk();
    }
    return phase;
  }

  async #endWalk() {
    const phases = this.#phases;
    this.#phases = null;
    await phases?.return();
  }

  /** Leaves slow motion; the update that it is in the middle of is over. */
  async leaveSlow() {
    await this.pause();
    await this.#endWalk();
    this.update({ slow: false, walk: null });
  }

  /** Runs PPO for `iterations`, or until `pause`. */
  async play(iterations = Infinity) {
    if (this.state.running) return;
    // Votes that came in while something else was under way.
    if (this.state.rule === null && this.state.votes > this.state.fitted) await this.fit();
    if (!this.canTrain || this.state.running) return;
    await this.#busy('ppo', async (signal) => {
      const { reward } = this;
      const options = { prompts: this.state.prompts.vote, reward, signal, ...(Number.isFinite(iterations) ? { iterations } : {}) };
      for await (const iteration of this.trainer.ppo(options)) {
        await this.record(iteration);
        await this.#whileHidden();
        if (signal.aborted) break;
      }
      await this.#measureLast();
    });
    await this.keep();
  }

  /** Measures gold where the run stopped, so that the curve ends where the model is. */
  async #measureLast() {
    const last = this.state.history.at(-1);
    if (!last || last.gold !== null || !this.simulated) return;
    const gold = await this.gold('policy');
    this.update({ history: [...this.state.history.slice(0, -1), { ...last, gold }] });
  }

  /** Adds an iteration to the curve, with the gold where it is measured. */
  async record(iteration) {
    const last = this.state.history.at(-1);
    const measured = this.simulated && (this.state.history.length % GOLD_EVERY === GOLD_EVERY - 1 || this.state.history.length === 0);
    const gold = measured ? await this.gold('policy') : null;
    const { score, kl, beta } = iteration;
    const point = { iteration: iteration.iteration, score, kl: Math.max(kl, 0), beta, gold, off: beta === 0 && last !== undefined && last.beta !== 0 };
    this.update({
      history: [...this.state.history, point], iteration: iteration.iteration, last: { ...iteration, samples: null },
      samples: iteration.samples.slice(0, 8), speed: iteration.tokensPerSecond,
    });
  }

  /** The mean gold of replies to prompts that nothing is trained on, from 0 to 1; the same seeds each time. */
  async gold(from) {
    const { visitor } = this;
    if (!visitor.gold) return null;
    let sum = 0;
    let count = 0;
    for (const prompt of this.state.prompts.heldOut) {
      for (const reply of await this.trainer.generate({ prompt, count: GOLD_REPLIES, temperature: 1, seed: 1000, from })) {
        sum += visitor.gold(prompt, reply.text);
        count += 1;
      }
    }
    return sum / count;
  }

  async measureBase() {
    this.update({ base: { gold: await this.gold('reference') } });
  }

  /** The policy as it was before PPO; a run that was under way goes to the table. */
  async reset({ quietly = false } = {}) {
    await this.pause();
    await this.#endWalk();
    await this.keepRun();
    await this.trainer.resetPolicy();
    this.update({ history: [], samples: [], iteration: 0, walk: null, last: null });
    await this.keep();
    if (!quietly) this.say('The policy is the pretrained model again. Your votes and the reward model stayed.');
  }

  // ---- keeping

  async keepRun() {
    const { history, taste, keyword, beta, temperature, rate, rule, base, runs } = this.state;
    if (history.length < 3) return;
    const measured = history.filter((point) => point.gold !== null);
    const run = {
      id: Date.now(), taste, keyword, beta, temperature, rate, rule, base: base?.gold ?? null,
      iterations: history.length, score: history.at(-1).score, kl: history.at(-1).kl, gold: measured.at(-1)?.gold ?? null,
      history: history.map(({ kl, score, gold }) => ({ kl, score, gold })),
    };
    this.update({ runs: [...runs, run] });
    await this.#shelf.put('runs', this.state.runs);
  }

  async dropRun(id) {
    this.update({ runs: this.state.runs.filter((run) => run.id !== id), shown: this.state.shown.filter((shown) => shown !== id) });
    await this.#shelf.put('runs', this.state.runs);
  }

  /** Writes down what a reload must find. */
  async keep() {
    if (!this.state.ready) return;
    const { taste, keyword, history, fits, fit, fitted, base, iteration, samples, last, rule, terms } = this.state;
    try {
      await this.#shelf.put('session', { taste, keyword, history, fits, fit, fitted, base, iteration, samples, last, rule, terms });
      await this.#shelf.put('trainer', await this.trainer.save());
    } catch (error) {
      this.say(`This browser could not keep your work (${error.message}). Export it before you close the tab.`);
    }
  }

  /** Everything as on the first visit. */
  async forgetAll() {
    await this.pause();
    this.update({ ready: false });
    await this.#shelf.clear();
    history.replaceState(null, '', location.pathname);
    location.reload();
  }

  /** While the tab is hidden nothing is trained; the page says so. */
  async #whileHidden() {
    if (!document.hidden) return;
    this.update({ hidden: true });
    await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
    this.update({ hidden: false });
    this.say('The training was paused while this tab was hidden; now it goes on.');
  }
}
