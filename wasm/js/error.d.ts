/** Every error of this package: `code` never changes, `message` says what to do. */
export declare class RlhfError extends Error {
  /**
   * `model`, `context`, `token`, `no_tokenizer`, `empty`, `setting`, `vote`, `votes`, `rule`, `state`, `training`, `fetch`, `aborted`, `busy`,
   * `closed`, `crashed` or `other`.
   */
  readonly code: string;
}
