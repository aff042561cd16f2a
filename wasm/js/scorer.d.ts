import { RlhfError } from './error.js';
export { RlhfError };

/** A reward model from one file of `rlhf export`. Methods throw {@link RlhfError}. */
export declare class Scorer {
  private constructor();
  /** Opens a model file: its address, or its bytes. `context`: the longest text in tokens, or the model's; less takes less memory. */
  static load(model: string | URL | ArrayBuffer | Uint8Array, options?: { signal?: AbortSignal; context?: number }): Promise<Scorer>;
  /** The longest text, in tokens. */
  readonly context: number;
  /** Scores a text, in units of reward. */
  score(text: string): number;
  /** Scores a reply to a prompt, put together as in training. */
  scoreReply(prompt: string, reply: string): number;
  /** Scores token ids, as they are. */
  scoreTokens(tokens: ArrayLike<number>): number;
  /** Scores several texts. */
  scores(texts: string[]): Float32Array;
  /** The probability that people prefer `a` to `b`. */
  compare(a: string, b: string): number;
  /** The probability that people prefer reply `a` to reply `b`, both to one prompt. */
  compareReplies(prompt: string, a: string, b: string): number;
  /** Frees its memory. */
  close(): void;
}
