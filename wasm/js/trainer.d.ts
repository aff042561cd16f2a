import { RlhfError } from './error.js';
export { RlhfError };

export interface ModelFiles { config: Uint8Array; weights: Uint8Array; tokenizer: Uint8Array }
export interface TrainerOptions {
  /** The folder of a pretrained model (config.json, model.safetensors, and its vocabulary), or its files. */
  model: string | URL | ModelFiles;
  seed?: number;
  signal?: AbortSignal;
  /** A state of `trainer.save()` to continue from. */
  state?: Uint8Array;
}
export interface Token { id: number; text: string }
export interface Reply { text: string; tokens: Token[]; /** Whether the model ended it by itself. */ ended: boolean }
/** Per token of a reply, arrays of the same length. */
export interface Inspection {
  tokens: Token[];
  /** ln π(token) − ln π_reference(token), nats. */ logRatio: Float32Array;
  /** ln π(token), nats. */ logProb: Float32Array;
  /** The critic's value after each token. */ value: Float32Array;
  /** The reward model's score of the text up to and with each token; empty before there is one. */ reward: Float32Array;
}
export interface Vote { prompt: string; replies: string[]; /** Rank of each reply, 1 is best; equal is a tie. */ ranks: number[]; by: 'visitor' | 'simulated' }
/** A step of the reward model: the share of pairs that it orders as the votes do, and that of votes held back from it (`null` without any). */
export interface RewardStep { step: number; total: number; loss: number; accuracy: number; heldBackAccuracy: number | null; heldBackVotes: number }
/** Settings act at the next iteration. */
export interface Settings {
  /** The KL penalty, per nat; 0 to 10. */ beta: number;
  /** 0.1 to 4. */ temperature: number;
  /** 0 to 0.1. */ learningRate: number;
  /** 0 to 0.1. */ criticLearningRate: number;
  /** Rollouts of an iteration, 2 to 512. */ batch: number;
  /** Passes over a rollout, 1 to 16. */ epochs: number;
  /** Minibatches of a pass, 1 to `batch`. */ minibatches: number;
  /** The longest reply, in tokens. */ maxNewTokens: number;
  /** Passes over the votes, 1 to 200. */ rewardEpochs: number;
  /** 0 to 0.1. */ rewardLearningRate: number;
}
export interface Iteration {
  iteration: number;
  /** Mean of the reward that PPO follows (the proxy). */ score: number;
  /** Mean KL from the reference per reply, nats. */ kl: number;
  beta: number; length: number; ended: number; entropy: number;
  /** The mean ratio of new to old probability. */ ratio: number;
  /** The share of tokens whose loss the clip holds. */ clipped: number;
  valueLoss: number; tokens: number;
  milliseconds: number; tokensPerSecond: number;
  /** All rollouts, with the proxy's score. */ samples: { prompt: string; text: string; score: number }[];
}
/** A phase of one iteration, in order, with what it computed for some of the replies. */
export type Phase =
  | { phase: 'rollout'; samples: { prompt: string; reply: Reply }[] }
  | { phase: 'reward'; scores: number[] }
  | { phase: 'kl'; logRatio: number[][] }
  | { phase: 'value'; values: number[][] }
  | { phase: 'advantage'; advantages: number[][]; /** Per token: the KL penalty, and at the end the score. */ rewards: number[][] }
  | { phase: 'policy'; ratio: number; clipped: number }
  | { phase: 'critic'; loss: number }
  | { phase: 'done'; iteration: Iteration };
/** The reward that PPO follows: the votes' model, or `model`·(its score) + Σ weight·(times a text occurs) + `lengthWeight`·(tokens). */
export type RewardSource = 'model' | { model?: number; rule?: { text: string; weight: number }[]; lengthWeight?: number };

/** A small language model that learns from votes. All work is in a worker; methods reject with {@link RlhfError}. */
export declare class Trainer {
  private constructor();
  static create(options: TrainerOptions): Promise<Trainer>;
  readonly info: { parameters: number; vocabulary: number; context: number; simd: boolean; /** Whether fused operations are used. */ relaxed: boolean; threads: number; why: string };
  generate(o: { prompt: string; count?: number; temperature?: number; seed?: number; from?: 'policy' | 'reference'; signal?: AbortSignal }): Promise<Reply[]>;
  /** Log-ratio, reward and value of each token of a reply. */
  inspect(o: { prompt: string; reply: string }): Promise<Inspection>;
  /** Adds a vote; resolves to the number of votes. One in five, chosen by its texts, is held back. */
  addVote(vote: Vote): Promise<number>;
  votes(): Promise<Vote[]>;
  clearVotes(): Promise<void>;
  /** Trains the reward model on all votes that are not held back, from the pretrained model. */
  fitReward(o?: { epochs?: number; learningRate?: number; signal?: AbortSignal }): AsyncIterable<RewardStep>;
  /** Runs PPO. Settings may change between iterations by `set`. */
  ppo(o: { prompts: string[]; iterations?: number; reward?: RewardSource; signal?: AbortSignal }): AsyncIterable<Iteration>;
  /** One iteration, phase by phase, to be shown at any speed. */
  ppoPhases(o: { prompts: string[]; reward?: RewardSource; signal?: AbortSignal }): AsyncIterable<Phase>;
  set(settings: Partial<Settings>): Promise<Settings>;
  /** The policy back to the pretrained model (and the critic); votes and reward model stay. */
  resetPolicy(): Promise<void>;
  /** Everything: policy, critic, reward model, votes, settings, iteration. */
  save(): Promise<Uint8Array>;
  /** JSON lines that `rlhf reward` reads. */
  exportVotes(): Promise<string>;
  importVotes(jsonl: string): Promise<{ added: number }>;
  /** A file for the scorer (int8). */
  exportReward(): Promise<Uint8Array>;
  /** A model folder that `rlhf generate` reads. */
  exportPolicy(): Promise<ModelFiles>;
  close(): void;
}
